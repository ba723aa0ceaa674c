package import Host

/// Why guest memory could not be made, or an access to it not be carried out.
package enum MemoryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The host did not give `count` bytes.
    case cannotAllocate(count: UInt64, errno: Errno)
    /// Two regions overlap.
    case overlap(GuestRange, GuestRange)
    /// The bytes are not all guest RAM.
    case notMemory(address: GuestAddress, count: UInt64)
    /// A file could not be read into memory.
    case cannotRead(errno: Errno)
    /// A file ended `missing` bytes before what was asked of it.
    case endOfFile(missing: UInt64)

    package var description: String {
        switch self {
        case .cannotAllocate(let count, let errno):
            "Cannot allocate \(count >> 20) MiB of guest memory: \(errno); a smaller -m may fit."
        case .overlap(let first, let second):
            "Memory regions \(first) and \(second) overlap."
        case .notMemory(let address, let count):
            "\(count) bytes at \(address) are not guest memory."
        case .cannotRead(let errno):
            "Cannot read the file into guest memory: \(errno)."
        case .endOfFile(let missing):
            "The file ends \(missing) bytes too early."
        }
    }
}
