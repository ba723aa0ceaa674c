internal import Block
internal import Synchronization

/// Counts what goes through one lane.
///
/// Only the lane writes, so a count is a load and a store, no locked instruction; anyone reads, and sums the lanes of a
/// disk. Sums are not a snapshot: a request may be counted in one number and not yet in the next.
final class BlockCounters: Sendable {
    private struct Kind: ~Copyable {
        let operations = Atomic<UInt64>(0)
        let bytes = Atomic<UInt64>(0)
        let nanoseconds = Atomic<UInt64>(0)
        let failed = Atomic<UInt64>(0)
        let invalid = Atomic<UInt64>(0)

        var values: BlockStatistics.Kind {
            var values = BlockStatistics.Kind()
            values.operations = operations.load(ordering: .relaxed)
            values.bytes = bytes.load(ordering: .relaxed)
            values.nanoseconds = nanoseconds.load(ordering: .relaxed)
            values.failed = failed.load(ordering: .relaxed)
            values.invalid = invalid.load(ordering: .relaxed)
            return values
        }

        func succeed(_ count: UInt64, _ time: UInt64) {
            operations.increase(by: 1)
            bytes.increase(by: count)
            nanoseconds.increase(by: time)
        }
    }

    private let reads = Kind()
    private let writes = Kind()
    private let flushes = Kind()
    private let discards = Kind()
    private let highestWrite = Atomic<UInt64>(0)
    /// 0 before the first request.
    private let lastAccess = Atomic<UInt64>(0)

    /// A request was done, at `now`.
    @inline(__always)
    func done(_ operation: BlockRequest.Operation, offset: UInt64, count: UInt64, from start: UInt64, to now: UInt64) {
        let time = now &- start
        lastAccess.store(now, ordering: .relaxed)
        switch operation {
        case .read: reads.succeed(count, time)
        case .write, .writeZeroes:
            writes.succeed(count, time)
            let end = offset &+ count
            if end > highestWrite.load(ordering: .relaxed) { highestWrite.store(end, ordering: .relaxed) }
        case .flush: flushes.succeed(0, time)
        case .discard: discards.succeed(count, time)
        }
    }

    /// The host failed a request.
    func failed(_ operation: BlockRequest.Operation, at now: UInt64) {
        lastAccess.store(now, ordering: .relaxed)
        switch operation {
        case .read: reads.failed.increase(by: 1)
        case .write, .writeZeroes: writes.failed.increase(by: 1)
        case .flush: flushes.failed.increase(by: 1)
        case .discard: discards.failed.increase(by: 1)
        }
    }

    /// A request was refused before the engine saw it.
    func refused(_ type: UInt32) {
        switch type {
        case BlockRequestType.read: reads.invalid.increase(by: 1)
        case BlockRequestType.write, BlockRequestType.writeZeroes: writes.invalid.increase(by: 1)
        case BlockRequestType.discard: discards.invalid.increase(by: 1)
        default: break
        }
    }

    /// The counts, from any thread.
    var values: BlockStatistics {
        var values = BlockStatistics()
        values.reads = reads.values
        values.writes = writes.values
        values.flushes = flushes.values
        values.discards = discards.values
        values.highestWrite = highestWrite.load(ordering: .relaxed)
        let access = lastAccess.load(ordering: .relaxed)
        if access != 0 { values.lastAccess = access }
        return values
    }
}

extension Atomic where Value == UInt64 {
    /// Adds without a locked instruction; for a value that only one thread at a time changes.
    @inline(__always)
    fileprivate func increase(by amount: UInt64) {
        store(load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
