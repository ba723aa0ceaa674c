internal import CLinux
internal import Host
internal import Glibc

/// One stretch of guest RAM and the host memory behind it.
///
/// The host memory is mapped, private to this object, and unmapped with it. It is reserved but not touched: a page costs
/// the host nothing before the guest uses it. It is left out of core dumps (`dump-guest-core=off`) and offered to
/// transparent huge pages.
@safe
package final class MemoryRegion: Sendable {
    /// What the pages are made of.
    package enum Backing: Sendable {
        /// Private anonymous memory.
        case anonymous
        /// A memfd, which other processes (vhost-user, a migration) can share.
        case memfd
    }

    package let range: GuestRange
    /// The memfd behind the pages, nil for anonymous memory; offset 0 is the region's first byte.
    package let fileDescriptor: Int32?
    nonisolated(unsafe) package let host: UnsafeMutableRawPointer

    private let file: OwnedDescriptor?

    /// Closes the descriptor with the region: a class, because an Optional of a noncopyable cannot be a class's `let`
    /// that is also read by number.
    private final class OwnedDescriptor: Sendable {
        let descriptor: FileDescriptor
        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
    }

    /// Maps fresh zeroed memory for `range`.
    package init(_ range: GuestRange, backing: Backing, dumpGuestCore: Bool = false) throws(MemoryError) {
        func fail(_ errno: Errno) -> MemoryError { .cannotAllocate(count: range.count, errno: errno) }
        guard let count = Int(exactly: range.count) else { throw fail(.noMemory) }

        var flags: Int32
        var descriptor: Int32 = -1
        switch backing {
        case .anonymous:
            flags = MAP_PRIVATE | Int32(APUS_MAP_ANONYMOUS)
            file = nil
        case .memfd:
            flags = MAP_SHARED
            do throws(Errno) {
                let memfd = FileDescriptor(owning: try Errno.check(unsafe apus_memfd_create("apus-ram", UInt32(MFD_CLOEXEC))))
                try Errno.check(ftruncate(memfd.rawValue, off_t(count)))
                descriptor = memfd.rawValue
                file = OwnedDescriptor(memfd)
            } catch {
                throw fail(error)
            }
        }
        flags |= Int32(APUS_MAP_NORESERVE)
        let mapped = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, flags, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != apus_map_failed() else { throw fail(.current) }
        // Advice only: a kernel without either still runs the guest.
        _ = unsafe madvise(mapped, count, Int32(APUS_MADV_HUGEPAGE))
        if !dumpGuestCore { _ = unsafe madvise(mapped, count, Int32(APUS_MADV_DONTDUMP)) }

        self.range = range
        unsafe host = mapped
        fileDescriptor = descriptor >= 0 ? descriptor : nil
    }

    deinit { _ = unsafe munmap(host, Int(range.count)) }

    /// Gives the pages back to the host; they read as zero afterwards. What a reset does to RAM.
    package func discard() {
        if let fileDescriptor {
            let mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
            if apus_fallocate(fileDescriptor, mode, 0, off_t(range.count)) == 0 { return }
        } else if unsafe madvise(host, Int(range.count), MADV_DONTNEED) == 0 {
            return
        }
        unsafe host.initializeMemory(as: UInt8.self, repeating: 0, count: Int(range.count))
    }
}
