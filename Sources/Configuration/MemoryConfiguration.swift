/// `-m [size=]N[,slots=N,maxmem=N]`, `-mem-path`, `-mem-prealloc`, `-numa`.
package struct MemoryConfiguration: Sendable, Equatable {
    /// What a machine gets that asks for nothing: 256 MiB.
    package static let defaultSize: UInt64 = 256 << 20
    /// Less than this boots no guest: 32 MiB.
    package static let minimumSize: UInt64 = 32 << 20
    /// More than this no x86 or arm processor can address: 4 PiB (52 bits).
    package static let maximumSize: UInt64 = 1 << 52

    /// Bytes at start, a multiple of the page size.
    package var size: UInt64
    /// Sockets for memory devices plugged later.
    package var slots: Int
    /// Bytes with everything plugged; equal to `size` when nothing can be.
    package var maximum: UInt64
    /// `-mem-path`: the file, or the directory for a file, that RAM is made of.
    package var path: String?
    /// `-mem-prealloc`: touch all memory before the guest starts.
    package var isPreallocated = false
    package var numa = NUMAConfiguration()

    package init(size: UInt64 = defaultSize, slots: Int = 0, maximum: UInt64? = nil) {
        self.size = size
        self.slots = slots
        self.maximum = maximum ?? size
    }
}
