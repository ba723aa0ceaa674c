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
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
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

// --- Sockets (Host) -------------------------------------------------------

// Both fail with ENAMETOOLONG for a path that does not fit in a sockaddr_un with its ending zero.
static inline int apus_unix_address(const char *path, struct sockaddr_un *address) {
    size_t length = __builtin_strlen(path);
    if (length >= sizeof(address->sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    __builtin_memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    __builtin_memcpy(address->sun_path, path, length);
    return 0;
}

static inline int apus_bind_unix(int fd, const char *path) {
    struct sockaddr_un address;
    if (apus_unix_address(path, &address) < 0)
        return -1;
    return bind(fd, (const struct sockaddr *)&address, sizeof(address));
}

static inline int apus_connect_unix(int fd, const char *path) {
    struct sockaddr_un address;
    if (apus_unix_address(path, &address) < 0)
        return -1;
    return connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

// A socket that never outlives an exec. The type is an enum in C, which Swift does not take for an int.
static inline int apus_socket(int family, int protocol) { return socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol); }

// accept4 is a GNU name; the system call is not.
static inline int apus_accept(int fd) { return (int)syscall(SYS_accept4, fd, (void *)0, (void *)0, SOCK_CLOEXEC | SOCK_NONBLOCK); }

static inline ssize_t apus_send(int fd, const void *bytes, size_t count) {
    return send(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static inline void apus_set_send_timeout(int fd, long seconds) {
    struct timeval limit = {.tv_sec = seconds};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

// 1: a listening socket, 0: another socket, -1: no socket at all.
static inline int apus_is_listening(int fd) {
    int listening = 0;
    socklen_t length = sizeof(listening);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0 ? -1 : listening != 0;
}

static inline int apus_local_port(int fd) {
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return -1;
    if (address.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    return -1;
}

// --- end of Sockets -------------------------------------------------------

// --- Process (Host) -------------------------------------------------------

// fork is what a daemon needs before it has threads; Swift's own view of the C library leaves it out on some systems.
static inline int apus_fork(void) { return fork(); }

// --- end of Process -------------------------------------------------------

// --- Character ------------------------------------------------------------

// The terminal to put right when the process ends, however it ends. A process has one controlling terminal and one
// set of signal actions, so this state is the process's, not a machine's. Only one Swift file may call these
// functions: every object file that does has its own copy.
struct apus_terminal_state {
    int fd; // -1: nothing to restore
    struct termios saved;
    struct sigaction previous[6];
};

static const int apus_terminal_signals[6] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
static struct apus_terminal_state apus_terminal = {.fd = -1};

static inline void apus_terminal_put_back(int fd, const struct termios *saved) {
    // A shell that has the terminal now has set it up for itself; and tcsetattr would stop us (SIGTTOU).
    if (tcgetpgrp(fd) != getpgrp())
        return;
    tcsetattr(fd, TCSADRAIN, saved);
}

static inline void apus_terminal_at_exit(void) {
    int fd = __atomic_exchange_n(&apus_terminal.fd, -1, __ATOMIC_ACQ_REL);
    if (fd >= 0)
        apus_terminal_put_back(fd, &apus_terminal.saved);
}

// A crash: restore, then let the signal do what it would have done. tcsetattr is async-signal-safe.
static inline void apus_terminal_at_crash(int number) {
    apus_terminal_at_exit();
    for (int index = 0; index < 6; index++)
        if (apus_terminal_signals[index] == number)
            sigaction(number, &apus_terminal.previous[index], 0);
    raise(number);
}

// Returns 0, or -1 if another terminal is guarded already.
static inline int apus_terminal_guard(int fd, const struct termios *saved) {
    static int registered;
    if (__atomic_load_n(&apus_terminal.fd, __ATOMIC_ACQUIRE) >= 0)
        return -1;
    apus_terminal.saved = *saved;
    __atomic_store_n(&apus_terminal.fd, fd, __ATOMIC_RELEASE);
    if (!registered) {
        registered = 1;
        atexit(apus_terminal_at_exit);
        struct sigaction action;
        __builtin_memset(&action, 0, sizeof(action));
        action.sa_handler = apus_terminal_at_crash;
        for (int index = 0; index < 6; index++)
            sigaction(apus_terminal_signals[index], &action, &apus_terminal.previous[index]);
    }
    return 0;
}

static inline void apus_terminal_unguard(int fd) {
    int expected = fd;
    __atomic_compare_exchange_n(&apus_terminal.fd, &expected, -1, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

// Bytes as typed, no echo, no line editing; output stays processed, so that a bare newline still returns the
// carriage. Keys make signals only if asked for.
static inline void apus_terminal_make_raw(struct termios *mode, int signals) {
    mode->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode->c_oflag |= OPOST;
    mode->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals)
        mode->c_lflag &= ~(tcflag_t)ISIG;
    mode->c_cflag = (mode->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    mode->c_cc[VMIN] = 1;
    mode->c_cc[VTIME] = 0;
}

// A new pseudo-terminal without line discipline effects; `*number` is N of /dev/pts/N. The slave was open once, so
// that from the start the master shows a hang-up while nobody has it open.
static inline int apus_open_pty(int *number) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0)
        return -1;
    int unlock = 0;
    int slave = -1;
    struct termios mode;
    if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCGPTN, number) < 0 ||
        (slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 || tcgetattr(slave, &mode) < 0)
        goto failed;
    mode.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode.c_oflag &= ~(tcflag_t)OPOST;
    mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    mode.c_cflag = (mode.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    if (tcsetattr(slave, TCSANOW, &mode) < 0)
        goto failed;
    close(slave);
    return master;
failed:;
    int error = errno;
    if (slave >= 0)
        close(slave);
    close(master);
    errno = error;
    return -1;
}

// --- end of Character -----------------------------------------------------
// --- Block and Virtio ---------------------------------------------------

#include <libaio.h>
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

static inline void apus_unlock_file(int fd) {
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    fcntl(fd, APUS_F_OFD_SETLK, &lock);
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

// --- Block engines ------------------------------------------------------

#include <linux/io_uring.h>

// io_uring has no wrappers in the C library.
static inline int apus_ring_setup(unsigned int entries, struct io_uring_params *parameters) {
    return (int)syscall(SYS_io_uring_setup, entries, parameters);
}

static inline int apus_ring_enter(int fd, unsigned int count) {
    return (int)syscall(SYS_io_uring_enter, fd, count, 0, 0, (void *)0, 0);
}

static inline int apus_ring_register_event(int fd, int event) {
    return (int)syscall(SYS_io_uring_register, fd, IORING_REGISTER_EVENTFD, &event, 1);
}

// Fills a submission entry, whose unions Swift imports as a heap of anonymous structs.
static inline void apus_ring_prepare(struct io_uring_sqe *entry, unsigned char operation, int fd,
                                     const struct iovec *segments, unsigned int count, uint64_t offset,
                                     unsigned int flags, uint64_t tag) {
    __builtin_memset(entry, 0, sizeof(*entry));
    entry->opcode = operation;
    entry->fd = fd;
    entry->addr = (uint64_t)(uintptr_t)segments;
    entry->len = count;
    entry->off = offset;
    entry->fsync_flags = flags;
    entry->user_data = tag;
}

enum {
    APUS_RING_READ = IORING_OP_READV,
    APUS_RING_WRITE = IORING_OP_WRITEV,
    APUS_RING_SYNC = IORING_OP_FSYNC,
    APUS_RING_DATA_ONLY = IORING_FSYNC_DATASYNC,
    // One mapping for both rings, and no completion is ever dropped: Linux 5.5.
    APUS_RING_FEATURES = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP,
    APUS_RING_OFFSET = IORING_OFF_SQ_RING,
    APUS_RING_ENTRIES_OFFSET = IORING_OFF_SQES,
};

// --- end of Block engines -----------------------------------------------

// --- Memory -------------------------------------------------------------

#include <linux/mempolicy.h>
#include <sys/vfs.h>

enum {
    APUS_MADV_REMOVE = 9,
    APUS_MADV_MERGEABLE = 12,
    APUS_MADV_NOHUGEPAGE = 15,
    APUS_MADV_POPULATE_WRITE = 23, // Linux 5.14, younger than Debian 12's C library headers
    APUS_F_ADD_SEALS = 1033,       // linux/fcntl.h, which cannot be included beside fcntl.h
    APUS_O_TMPFILE = __O_TMPFILE | O_DIRECTORY,
    APUS_F_SEAL_SHRINK = 2,
    APUS_F_SEAL_GROW = 4,
    APUS_MPOL_PREFERRED_MANY = 5, // Linux 5.15
    APUS_HUGETLBFS = 0x958458f6,
    APUS_TMPFS = 0x01021994,
};

static inline int apus_mbind(void *start, size_t count, int mode, const unsigned long *nodes, unsigned long bits) {
    return (int)syscall(SYS_mbind, start, count, mode, nodes, bits, MPOL_MF_STRICT | MPOL_MF_MOVE);
}

// The kind of file system that holds `fd`, and the size of its blocks, which on hugetlbfs is that of its pages.
static inline int apus_file_system(int fd, unsigned long *kind, unsigned long *block_size) {
    struct statfs status;
    int result = fstatfs(fd, &status);
    if (result == 0) {
        *kind = (unsigned long)status.f_type;
        *block_size = (unsigned long)status.f_bsize;
    }
    return result;
}

// --- end of Memory ------------------------------------------------------

// --- KVM ----------------------------------------------------------------

// The request numbers are made by macros with arguments, which Swift does not import.
static const unsigned long APUS_KVM_GET_API_VERSION = KVM_GET_API_VERSION;
static const unsigned long APUS_KVM_CREATE_VM = KVM_CREATE_VM;
static const unsigned long APUS_KVM_CHECK_EXTENSION = KVM_CHECK_EXTENSION;
static const unsigned long APUS_KVM_GET_VCPU_MMAP_SIZE = KVM_GET_VCPU_MMAP_SIZE;
static const unsigned long APUS_KVM_CREATE_VCPU = KVM_CREATE_VCPU;
static const unsigned long APUS_KVM_SET_USER_MEMORY_REGION = KVM_SET_USER_MEMORY_REGION;
static const unsigned long APUS_KVM_SET_GSI_ROUTING = KVM_SET_GSI_ROUTING;
static const unsigned long APUS_KVM_IRQ_LINE = KVM_IRQ_LINE;
static const unsigned long APUS_KVM_IRQFD = KVM_IRQFD;
static const unsigned long APUS_KVM_IOEVENTFD = KVM_IOEVENTFD;
static const unsigned long APUS_KVM_SIGNAL_MSI = KVM_SIGNAL_MSI;
static const unsigned long APUS_KVM_RUN = KVM_RUN;
static const unsigned long APUS_KVM_GET_MP_STATE = KVM_GET_MP_STATE;
static const unsigned long APUS_KVM_SET_MP_STATE = KVM_SET_MP_STATE;

enum {
    APUS_KVM_IOEVENTFD_DATAMATCH = KVM_IOEVENTFD_FLAG_DATAMATCH,
    APUS_KVM_IOEVENTFD_PIO = KVM_IOEVENTFD_FLAG_PIO,
    APUS_KVM_IOEVENTFD_DEASSIGN = KVM_IOEVENTFD_FLAG_DEASSIGN,
    APUS_KVM_MEM_READONLY = KVM_MEM_READONLY,
};

// What KVM_RUN stopped for, copied out of the unions that Swift would copy whole.
struct apus_kvm_port_exit {
    unsigned long data; // offset in the mapped area
    unsigned int count;
    unsigned short port;
    unsigned char size;
    unsigned char is_write;
};

struct apus_kvm_memory_exit {
    unsigned long data; // offset in the mapped area, of 8 bytes
    unsigned long long address;
    unsigned int length;
    unsigned char is_write;
};

struct apus_kvm_internal_error {
    unsigned int suberror;
    unsigned int instruction_size; // 0: unknown
    unsigned char instruction[15];
};

static inline struct apus_kvm_port_exit apus_kvm_port_exit(const struct kvm_run *run) {
    struct apus_kvm_port_exit exit = {run->io.data_offset, run->io.count, run->io.port, run->io.size,
                                      run->io.direction == KVM_EXIT_IO_OUT};
    return exit;
}

static inline struct apus_kvm_memory_exit apus_kvm_memory_exit(const struct kvm_run *run) {
    struct apus_kvm_memory_exit exit = {__builtin_offsetof(struct kvm_run, mmio.data), run->mmio.phys_addr,
                                        run->mmio.len, run->mmio.is_write};
    return exit;
}

static inline struct apus_kvm_internal_error apus_kvm_internal_error(const struct kvm_run *run) {
    struct apus_kvm_internal_error error = {.suberror = run->internal.suberror};
    int has_bytes = error.suberror == KVM_INTERNAL_ERROR_EMULATION && run->emulation_failure.ndata >= 3 &&
                    (run->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES);
    if (has_bytes && run->emulation_failure.insn_size <= sizeof(error.instruction)) {
        error.instruction_size = run->emulation_failure.insn_size;
        for (unsigned int index = 0; index < error.instruction_size; index++)
            error.instruction[index] = run->emulation_failure.insn_bytes[index];
    }
    return error;
}

static inline unsigned long long apus_kvm_entry_failure(const struct kvm_run *run) {
    return run->fail_entry.hardware_entry_failure_reason;
}

static inline unsigned int apus_kvm_system_event(const struct kvm_run *run) { return run->system_event.type; }

// `immediate_exit` is written by other threads and signal handlers while KVM reads it.
static inline void apus_kvm_request_exit(struct kvm_run *run) {
    __atomic_store_n(&run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

// Takes a request back; whether there was one.
static inline int apus_kvm_take_exit_request(struct kvm_run *run) {
    return __atomic_exchange_n(&run->immediate_exit, 0, __ATOMIC_SEQ_CST);
}

#if defined(__x86_64__)
static const unsigned long APUS_KVM_GET_SUPPORTED_CPUID = KVM_GET_SUPPORTED_CPUID;
static const unsigned long APUS_KVM_SET_CPUID2 = KVM_SET_CPUID2;
static const unsigned long APUS_KVM_SET_TSS_ADDR = KVM_SET_TSS_ADDR;
static const unsigned long APUS_KVM_SET_IDENTITY_MAP_ADDR = KVM_SET_IDENTITY_MAP_ADDR;
static const unsigned long APUS_KVM_CREATE_IRQCHIP = KVM_CREATE_IRQCHIP;
static const unsigned long APUS_KVM_GET_IRQCHIP = KVM_GET_IRQCHIP;
static const unsigned long APUS_KVM_SET_IRQCHIP = KVM_SET_IRQCHIP;
static const unsigned long APUS_KVM_CREATE_PIT2 = KVM_CREATE_PIT2;
static const unsigned long APUS_KVM_GET_PIT2 = KVM_GET_PIT2;
static const unsigned long APUS_KVM_SET_PIT2 = KVM_SET_PIT2;
static const unsigned long APUS_KVM_GET_CLOCK = KVM_GET_CLOCK;
static const unsigned long APUS_KVM_SET_CLOCK = KVM_SET_CLOCK;
static const unsigned long APUS_KVM_KVMCLOCK_CTRL = KVM_KVMCLOCK_CTRL;
static const unsigned long APUS_KVM_GET_TSC_KHZ = KVM_GET_TSC_KHZ;
static const unsigned long APUS_KVM_GET_REGS = KVM_GET_REGS;
static const unsigned long APUS_KVM_TRANSLATE = KVM_TRANSLATE;
static const unsigned long APUS_KVM_SET_REGS = KVM_SET_REGS;
static const unsigned long APUS_KVM_GET_SREGS = KVM_GET_SREGS;
static const unsigned long APUS_KVM_SET_SREGS = KVM_SET_SREGS;
static const unsigned long APUS_KVM_GET_MSRS = KVM_GET_MSRS;
static const unsigned long APUS_KVM_SET_MSRS = KVM_SET_MSRS;
static const unsigned long APUS_KVM_GET_LAPIC = KVM_GET_LAPIC;
static const unsigned long APUS_KVM_SET_LAPIC = KVM_SET_LAPIC;
static const unsigned long APUS_KVM_SET_XSAVE = KVM_SET_XSAVE;
static const unsigned long APUS_KVM_SET_FPU = KVM_SET_FPU;
static const unsigned long APUS_KVM_SET_XCRS = KVM_SET_XCRS;
static const unsigned long APUS_KVM_SET_DEBUGREGS = KVM_SET_DEBUGREGS;
static const unsigned long APUS_KVM_SET_VCPU_EVENTS = KVM_SET_VCPU_EVENTS;
static const unsigned long APUS_KVM_SET_NESTED_STATE = KVM_SET_NESTED_STATE;

struct apus_cpuid {
    unsigned int eax, ebx, ecx, edx;
};

// The host processor's own CPUID.
static inline struct apus_cpuid apus_cpuid(unsigned int leaf, unsigned int subleaf) {
    struct apus_cpuid result;
    __asm__ volatile("cpuid"
                     : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                     : "a"(leaf), "c"(subleaf));
    return result;
}
#endif

// --- end of KVM ---------------------------------------------------------
