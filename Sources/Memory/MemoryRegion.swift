internal import CLinux
internal import Glibc
internal import Host

/// One stretch of guest addresses and the host memory that a guest finds there.
///
/// All of a `HostMemory`, or a part of it. Pages are offered to transparent huge pages, except for the guest's first
/// 2 MiB: there lie the structures that every boot writes and hardly anything else, and a single byte of them would cost
/// a microVM the time to clear a huge page and all of its memory.
@safe
package final class MemoryRegion: Sendable {
    package let range: GuestRange
    /// Where it is taken from.
    package let memory: HostMemory
    /// How many bytes of `memory` (and of its file) lie before it.
    package let offset: UInt64
    nonisolated(unsafe) package let host: UnsafeMutableRawPointer

    /// Shows the part of `memory` that begins at `offset` at `range`.
    package init(_ range: GuestRange, of memory: HostMemory, at offset: UInt64 = 0) throws(MemoryError) {
        let (end, overflow) = offset.addingReportingOverflow(range.count)
        guard !overflow, end <= memory.size else { throw .outside(range, offset: offset, size: memory.size) }
        self.range = range
        self.memory = memory
        self.offset = offset
        unsafe host = memory.start + Int(offset)
        offerHugePages()
    }

    /// Maps fresh zeroed memory for `range`, whose end need not be a page's.
    package convenience init(
        _ range: GuestRange, backing: MemoryBacking, dumpGuestCore: Bool = false
    ) throws(MemoryError) {
        var backing = backing
        backing.isDumped = dumpGuestCore
        // Whoever asks for no more than memory takes it as it comes.
        backing.isReserved = false
        let page = HostMemory.smallPageSize
        let (padded, overflow) = range.count.addingReportingOverflow(page - 1)
        guard !overflow else { throw .cannotAllocate(count: range.count, errno: .noMemory) }
        try self.init(range, of: HostMemory(size: padded & ~(page - 1), backing: backing))
    }

    /// The file behind the pages, nil for anonymous memory. The region begins at `offset` in it.
    package var fileDescriptor: Int32? { memory.fileDescriptor }

    /// Advice only: a kernel without huge pages still runs the guest.
    private func offerHugePages() {
        guard memory.pageSize == HostMemory.smallPageSize else { return }
        let first = range.start.rawValue
        let boundary = HostMemory.hugePageSize
        let small = first < boundary ? min(boundary - first, range.count) : 0
        if small > 0 { _ = unsafe madvise(host, Int(small), Int32(APUS_MADV_NOHUGEPAGE)) }
        if small < range.count {
            _ = unsafe madvise(host + Int(small), Int(range.count - small), Int32(APUS_MADV_HUGEPAGE))
        }
    }

    /// Gives the pages back to the host; they read as zero afterwards. What a reset does to RAM.
    package func discard() { memory.discard(offset: offset, count: range.count) }
}
