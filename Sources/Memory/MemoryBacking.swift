/// What host memory is made of and how: the whole of `-object memory-backend-*`, as facts.
///
/// ```
///             private                      shared
///   anonymous  mmap                         a memfd (so that others can map it too)
///   memfd      copy-on-write of the memfd   the memfd
///   file       copy-on-write of the file    the file; a directory: a nameless file in it
/// ```
package struct MemoryBacking: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        case anonymous
        /// `isSealed`: nobody who gets the descriptor can change its size.
        case memfd(isSealed: Bool)
        /// A file, which is made if it is not there; in a directory, a file without a name. On hugetlbfs, huge pages.
        case file(path: String)
    }

    package var source: Source
    /// Whether other processes see what the guest writes.
    package var isShared: Bool
    /// For a memfd: pages of hugetlbfs with this size.
    package var hugePageSize: UInt64?
    /// What the host address is a multiple of, beyond what pages need.
    package var alignment: UInt64?
    /// Whether the host sets the memory aside at once, and refuses if it has not as much.
    package var isReserved = true
    /// Touch every page before the guest starts, with as many threads; nil: pages come when the guest uses them.
    package var preallocationThreads: Int?
    /// Whether the kernel may merge equal pages (KSM); nil: likewise, where it can.
    package var isMergeable: Bool? = false
    /// Whether core dumps have it.
    package var isDumped = false
    package var policy = MemoryPolicy()
    /// Whether only reading is possible. Never true of RAM.
    package var isReadOnly = false
    /// Whether a shared file's content may be thrown away at the end, instead of being written to disk.
    package var discardsData = false

    package init(_ source: Source, isShared: Bool = false) {
        self.source = source
        self.isShared = isShared
    }

    /// Private anonymous memory.
    package static var anonymous: MemoryBacking { MemoryBacking(.anonymous) }

    /// A memfd, which other processes (vhost-user, a migration) can share.
    package static var memfd: MemoryBacking { MemoryBacking(.memfd(isSealed: false), isShared: true) }
}

/// From which of the host's NUMA nodes pages come.
///
/// set_mempolicy(2), mbind(2).
package struct MemoryPolicy: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        /// As the process has it.
        case standard
        /// From these nodes if they have some.
        case preferred
        /// From these nodes only.
        case bind
        /// From each of these nodes in turn.
        case interleave
    }

    package var mode: Mode
    /// Ascending; empty for `standard`.
    package var nodes: [Int]

    package init(_ mode: Mode = .standard, nodes: [Int] = []) {
        self.mode = mode
        self.nodes = nodes
    }
}
