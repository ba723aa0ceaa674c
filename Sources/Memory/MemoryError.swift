package import Host

/// Why guest memory could not be made, or an access to it not be carried out.
package enum MemoryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The host did not give `count` bytes.
    case cannotAllocate(count: UInt64, errno: Errno)
    /// Memory consists of whole pages.
    case notWholePages(count: UInt64, pageSize: UInt64)
    /// The host has no pool of huge pages of this size.
    case noSuchHugePages(size: UInt64, present: [UInt64])
    /// The pool has fewer pages than needed.
    case tooFewHugePages(size: UInt64, needed: UInt64, available: UInt64)
    /// Preallocated memory would drive the host out of memory.
    case tooLittleHostMemory(needed: UInt64, available: UInt64)
    /// The kernel could not populate memory, or a file system is full.
    case cannotPopulate(errno: Errno)
    case preallocationInterrupted
    case cannotMerge(errno: Errno)
    /// The host has no such NUMA node.
    case noSuchNode(Int, present: [Int])
    case cannotBind(nodes: [Int], errno: Errno)
    case cannotOpen(path: String, errno: Errno)
    case fileTooSmall(path: String, count: UInt64, needed: UInt64)
    /// A file could not be given its size.
    case cannotSize(path: String, count: UInt64, errno: Errno)
    /// A region goes beyond the host memory it is a part of.
    case outside(GuestRange, offset: UInt64, size: UInt64)
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
        case .notWholePages(let count, let pageSize):
            "\(count) bytes are not whole pages of \(Self.sized(pageSize)); the size must be a multiple of that."
        case .noSuchHugePages(let size, let present):
            "This host has no huge pages of \(Self.sized(size)); "
                + (present.isEmpty ? "it has none at all." : "it has \(Self.list(present.map(Self.sized))).")
        case .tooFewHugePages(let size, let needed, let available):
            "\(needed) huge pages of \(Self.sized(size)) are needed and \(available) are free; the host sets more "
                + "aside through /sys/kernel/mm/hugepages/hugepages-\(size >> 10)kB/nr_hugepages."
        case .tooLittleHostMemory(let needed, let available):
            "\(needed >> 20) MiB are to be preallocated; the host, or its control group, has \(available >> 20) MiB left; "
                + "a smaller size, or prealloc=off, may fit."
        case .cannotPopulate(let errno) where errno == .invalid:
            "This host's kernel cannot preallocate memory, which takes Linux 5.14; prealloc=off does without."
        case .cannotPopulate(let errno):
            "The memory cannot be preallocated: \(errno); the host, its control group or the file system has too little."
        case .preallocationInterrupted: "The preallocation was interrupted."
        case .cannotMerge(let errno): "The kernel cannot merge equal pages: \(errno); merge=off does without."
        case .noSuchNode(let node, let present):
            "This host has no NUMA node \(node); it has \(Self.list(present.map { String($0) }))."
        case .cannotBind(let nodes, let errno):
            "The memory cannot be taken from the host's nodes \(Self.list(nodes.map { String($0) })): \(errno)."
        case .cannotOpen(let path, let errno): "Cannot use '\(path)' as memory: \(errno)."
        case .fileTooSmall(let path, let count, let needed):
            "'\(path)' has \(count) bytes and \(needed) are needed; an empty file grows by itself."
        case .cannotSize(let path, let count, let errno):
            "'\(path)' cannot be given \(count) bytes: \(errno)."
        case .outside(let range, let offset, let size):
            "\(range) cannot be memory from byte \(offset) of \(size) on."
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

    /// A page size as users know it.
    private static func sized(_ size: UInt64) -> String {
        size >= 1 << 30 ? "\(size >> 30) GiB" : size >= 1 << 20 ? "\(size >> 20) MiB" : "\(size >> 10) KiB"
    }

    private static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "none" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
