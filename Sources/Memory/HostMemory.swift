internal import CLinux
internal import Glibc
internal import Host

/// A block of host memory for a guest: mapped at birth, unmapped at the end.
///
/// A `MemoryBacking` says what it is made of. Guests see it through `MemoryRegion`s, each of which shows a part of a
/// block at a guest address: RAM that a hole divides is one block and two regions.
///
/// ```
///   block        ├──────── low ────────┼──── high ────┤          host addresses, one file
///                │                     │               ╲
///   guest        0 ─────────────── 3 GiB  (hole)  4 GiB ────►
/// ```
///
/// The mapping lies between inaccessible pages, at a multiple of 2 MiB or of its own page size: the guest's huge pages
/// can then be the host's. Unless it is preallocated, a page costs the host nothing before someone uses it.
///
/// Safe from any thread; made and preallocated on the control thread.
@safe
package final class HostMemory: Sendable {
    package let size: UInt64
    package let backing: MemoryBacking
    /// The size of the pages it is made of, which is what its size and every part's are multiples of.
    package let pageSize: UInt64
    /// The file behind the pages, for those that map it too; nil for anonymous memory.
    package let fileDescriptor: Int32?
    /// Whether it reads as zero after `discard`, and did when it was made. Not so of a file that held something.
    package let isZeroAtPowerOn: Bool
    nonisolated(unsafe) let start: UnsafeMutableRawPointer

    private let file: MemoryFile?
    private let reservation: AddressReservation

    /// What ordinary huge pages and the page tables' second level cover.
    static let hugePageSize: UInt64 = 2 << 20
    /// The smallest page, on x86 and arm64 alike.
    package static let smallPageSize: UInt64 = 4096

    /// Maps `size` bytes, binds them to their nodes and gives advice about them; touches none.
    package init(size: UInt64, backing: MemoryBacking) throws(MemoryError) {
        var backing = backing
        // Shared memory without a file could not be shared with anyone.
        if backing.source == .anonymous, backing.isShared { backing.source = .memfd(isSealed: false) }
        if !backing.policy.nodes.isEmpty { try HostNodes().check(nodes: backing.policy.nodes) }
        file = try MemoryFile(backing, size: size)
        pageSize = file?.pageSize ?? HostMemory.smallPageSize
        guard size > 0, size % pageSize == 0 else { throw .notWholePages(count: size, pageSize: pageSize) }
        guard let count = Int(exactly: size) else { throw .cannotAllocate(count: size, errno: .noMemory) }

        let alignment = max(HostMemory.hugePageSize, pageSize, backing.alignment ?? 0)
        reservation = try AddressReservation(count: size, alignment: alignment)
        let protection = backing.isReadOnly ? PROT_READ : PROT_READ | PROT_WRITE
        var flags = MAP_FIXED | (backing.isShared ? MAP_SHARED : MAP_PRIVATE)
        if file == nil { flags |= Int32(APUS_MAP_ANONYMOUS) }
        if !backing.isReserved { flags |= Int32(APUS_MAP_NORESERVE) }
        let mapped = unsafe mmap(reservation.start, count, protection, flags, file?.rawValue ?? -1, 0)
        guard let mapped = unsafe mapped, unsafe mapped != apus_map_failed() else {
            let errno = Errno.current
            if pageSize > HostMemory.smallPageSize, errno == .noMemory {
                throw HugePages(size: pageSize).shortage(of: size)
            }
            throw .cannotAllocate(count: size, errno: errno)
        }
        unsafe start = mapped
        self.size = size
        self.backing = backing
        fileDescriptor = file?.rawValue
        isZeroAtPowerOn = file?.wasEmpty ?? true
        try bind()
        try advise()
    }

    deinit {
        if backing.discardsData, backing.isShared { _ = unsafe madvise(start, Int(size), Int32(APUS_MADV_REMOVE)) }
    }

    /// Whether its pages are the host's memory, and not those of a file on a disk.
    var isMemory: Bool { file?.isMemory ?? true }

    /// Tells the kernel from which nodes pages shall come. Before the first page is touched.
    private func bind() throws(MemoryError) {
        guard let highest = backing.policy.nodes.last else { return }
        let mode =
            switch backing.policy.mode {
            case .standard: Int32(MPOL_DEFAULT)
            case .preferred where backing.policy.nodes.count > 1: Int32(APUS_MPOL_PREFERRED_MANY)
            case .preferred: Int32(MPOL_PREFERRED)
            case .bind: Int32(MPOL_BIND)
            case .interleave: Int32(MPOL_INTERLEAVE)
            }
        let wordSize = UInt.bitWidth
        var mask = [UInt](repeating: 0, count: highest / wordSize + 1)
        for node in backing.policy.nodes { mask[node / wordSize] |= 1 << UInt(node % wordSize) }
        // The kernel takes one bit less than it is told of.
        let result = unsafe apus_mbind(start, Int(size), mode, mask, UInt(mask.count * wordSize + 1))
        if result != 0 { throw .cannotBind(nodes: backing.policy.nodes, errno: .current) }
    }

    /// What the kernel may do with the pages. Only what was asked for by name must succeed.
    private func advise() throws(MemoryError) {
        if !backing.isDumped { _ = unsafe madvise(start, Int(size), Int32(APUS_MADV_DONTDUMP)) }
        if backing.isMergeable != false, unsafe madvise(start, Int(size), Int32(APUS_MADV_MERGEABLE)) != 0,
            backing.isMergeable == true
        {
            throw .cannotMerge(errno: .current)
        }
    }

    /// Makes `count` bytes from `offset` read as zero: what a reset does to RAM. Pages go back to the host, but for
    /// memory that was preallocated. A file that held something before it became memory is left as it is.
    func discard(offset: UInt64, count: UInt64) {
        guard isZeroAtPowerOn, !backing.isReadOnly else { return }
        let address = unsafe start + Int(offset)
        if backing.preallocationThreads == nil {
            if let fileDescriptor, backing.isShared {
                let mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
                if apus_fallocate(fileDescriptor, mode, off_t(offset), off_t(count)) == 0 { return }
            } else if unsafe madvise(address, Int(count), MADV_DONTNEED) == 0 {
                return
            }
        }
        unsafe address.initializeMemory(as: UInt8.self, repeating: 0, count: Int(count))
    }
}

/// Addresses that nothing else will be mapped at, inaccessible until something is mapped over them.
@safe
private final class AddressReservation: Sendable {
    /// The first aligned address, with at least a page before it and after its `count` bytes.
    nonisolated(unsafe) let start: UnsafeMutableRawPointer
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    private let total: Int

    init(count: UInt64, alignment: UInt64) throws(MemoryError) {
        let (sum, overflow) = count.addingReportingOverflow(alignment &+ HostMemory.smallPageSize)
        guard !overflow, alignment.nonzeroBitCount == 1, let total = Int(exactly: sum) else {
            throw .cannotAllocate(count: count, errno: .noMemory)
        }
        // No memory stands behind it, so it counts against no limit.
        let flags = MAP_PRIVATE | Int32(APUS_MAP_ANONYMOUS) | Int32(APUS_MAP_NORESERVE)
        let mapped = unsafe mmap(nil, total, PROT_NONE, flags, -1, 0)
        guard let mapped = unsafe mapped, unsafe mapped != apus_map_failed() else {
            throw .cannotAllocate(count: count, errno: .current)
        }
        let address = UInt64(UInt(bitPattern: mapped))
        let aligned = (address &+ alignment) & ~(alignment &- 1)
        unsafe start = mapped + Int(aligned &- address)
        unsafe base = mapped
        self.total = total
    }

    deinit { _ = unsafe munmap(base, total) }
}
