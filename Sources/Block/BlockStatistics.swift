/// What went through a disk: requests, bytes and time, by kind.
package struct BlockStatistics: Sendable, Equatable {
    /// The requests of one kind.
    package struct Kind: Sendable, Equatable {
        /// Done, with success.
        package var operations: UInt64 = 0
        package var bytes: UInt64 = 0
        /// From the request's arrival to its completion, summed over all requests.
        package var nanoseconds: UInt64 = 0
        /// Failed by the host.
        package var failed: UInt64 = 0
        /// Refused, since they were not within the disk or not of whole blocks.
        package var invalid: UInt64 = 0

        package init() {}

        static func += (left: inout Kind, right: Kind) {
            left.operations &+= right.operations
            left.bytes &+= right.bytes
            left.nanoseconds &+= right.nanoseconds
            left.failed &+= right.failed
            left.invalid &+= right.invalid
        }
    }

    package var reads = Kind()
    /// Writes of zeros included.
    package var writes = Kind()
    package var flushes = Kind()
    package var discards = Kind()
    /// The end of the highest write, in bytes from the disk's begin.
    package var highestWrite: UInt64 = 0
    /// When the last request was completed, by `Clock.hostNanoseconds`; nil before the first.
    package var lastAccess: UInt64?

    package init() {}

    /// What went through both.
    package static func += (left: inout BlockStatistics, right: BlockStatistics) {
        left.reads += right.reads
        left.writes += right.writes
        left.flushes += right.flushes
        left.discards += right.discards
        left.highestWrite = max(left.highestWrite, right.highestWrite)
        if let access = right.lastAccess { left.lastAccess = max(left.lastAccess ?? 0, access) }
    }
}
