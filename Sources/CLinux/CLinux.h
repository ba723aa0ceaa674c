// What Swift cannot see of Linux: macros that are not plain constants, variadic
// calls and flexible arrays. Headers only; every function is a thin wrapper.
#pragma once

// No _GNU_SOURCE: it changes types that Swift's own Glibc module has seen without it. What it would give comes by
// system call, or from the names below.

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/kvm.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

// --- Host ---------------------------------------------------------------

static inline int apus_errno(void) { return errno; }

static inline int apus_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }

static inline int apus_fcntl(int fd, int command, long argument) { return fcntl(fd, command, argument); }

static inline int apus_ioctl(int fd, unsigned long request, void *argument) { return ioctl(fd, request, argument); }

static inline int apus_ioctl_value(int fd, unsigned long request, unsigned long value) {
    return ioctl(fd, request, value);
}

static inline int apus_memfd_create(const char *name, unsigned int flags) { return (int)syscall(SYS_memfd_create, name, flags); }

static inline int apus_fallocate(int fd, int mode, off_t offset, off_t count) {
    return (int)syscall(SYS_fallocate, fd, mode, offset, count);
}

static inline void *apus_map_failed(void) { return MAP_FAILED; }

static inline int apus_gettid(void) { return (int)syscall(SYS_gettid); }

// Names the calling thread.
static inline int apus_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

enum {
    APUS_O_DIRECT = __O_DIRECT,
    APUS_F_OFD_SETLK = 37, // linux/fcntl.h, which cannot be included beside fcntl.h
    APUS_MADV_HUGEPAGE = 14,
    APUS_MADV_DONTDUMP = 16,
    APUS_MAP_NORESERVE = 0x4000,
    APUS_MAP_ANONYMOUS = 0x20,
};

// SCM_RIGHTS needs the CMSG macros. Receives at most `capacity` descriptors
// (close-on-exec) beside up to `count` bytes; `*received` is how many came.
static inline ssize_t apus_receive_with_descriptors(int fd, void *bytes, size_t count, int *descriptors,
                                                    size_t capacity, size_t *received) {
    union {
        char space[CMSG_SPACE(sizeof(int) * 64)];
        struct cmsghdr align;
    } control;
    struct iovec vector = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof(control.space)};
    *received = 0;
    ssize_t result = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (result < 0)
        return result;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t amount = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        const int *from = (const int *)(const void *)CMSG_DATA(header);
        for (size_t index = 0; index < amount; index++) {
            if (*received < capacity)
                descriptors[(*received)++] = from[index];
            else
                close(from[index]);
        }
    }
    return result;
}

// --- end of Host --------------------------------------------------------

// --- Block and Virtio ---------------------------------------------------

#include <libaio.h>
#include <poll.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/random.h>

// The block device ioctls are _IOR macros, which Swift does not import.
static inline int apus_block_device_size(int fd, uint64_t *bytes) { return ioctl(fd, BLKGETSIZE64, bytes); }

static inline int apus_block_device_sectors(int fd, int *logical, unsigned int *physical) {
    int result = ioctl(fd, BLKSSZGET, logical);
    return result < 0 ? result : ioctl(fd, BLKPBSZGET, physical);
}

static inline int apus_block_device_discard(int fd, uint64_t offset, uint64_t count) {
    uint64_t range[2] = {offset, count};
    return ioctl(fd, BLKDISCARD, range);
}

static inline int apus_block_device_zero(int fd, uint64_t offset, uint64_t count) {
    uint64_t range[2] = {offset, count};
    return ioctl(fd, BLKZEROOUT, range);
}

// An open-file-description lock over the whole file; never waits.
static inline int apus_lock_file(int fd, int exclusive) {
    struct flock lock = {.l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(fd, APUS_F_OFD_SETLK, &lock);
}

// Loads guest memory exactly once: the compiler may neither repeat nor split the access, so what was checked is what
// is used. The address may be unaligned.
static inline uint64_t apus_load_once_64(const void *address) {
    struct __attribute__((packed)) cell {
        uint64_t value;
    };
    return ((const volatile struct cell *)address)->value;
}

static inline uint16_t apus_load_once_16(const void *address) {
    struct __attribute__((packed)) cell {
        uint16_t value;
    };
    return ((const volatile struct cell *)address)->value;
}

// --- end of Block and Virtio --------------------------------------------
