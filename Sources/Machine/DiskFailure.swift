package import Block
internal import Host
internal import Synchronization

/// A disk's failed request, with the names that its users know the disk by.
package struct DiskFailure: Sendable, Equatable {
    /// The id of a `-drive`; empty for a node.
    package let device: String
    /// The name of a `-blockdev`.
    package let node: String?
    package let failure: BlockFailure
}

// What a disk's failure comes to.
extension Machine {
    /// So many events may wait to be told; a guest that hammers a broken disk shall not fill our memory with them.
    private static let failureLimit = 64

    /// Takes a disk's word on its I/O thread, inside its lock.
    ///
    /// The guest runs on for a moment, which is no harm: the failed request is simply not answered yet.
    func note(_ failure: DiskFailure) {
        let run: UInt64? = state.withLock { state in
            guard failure.failure.action == .stop || state.waitingFailures < Self.failureLimit else { return nil }
            state.waitingFailures += 1
            return state.run
        }
        guard let run else { return }
        loop.post { [self] in answer(failure, from: run) }
    }

    /// Tells observers, and stops the machine if that is the policy.
    ///
    /// - Parameter run: which stretch of running it happened in. Requests that fail while the machine comes to rest are
    ///   told of only when it may go on already, having tried them again; that must not stop it once more.
    private func answer(_ failure: DiskFailure, from run: UInt64) {
        let stops = state.withLock { state in
            state.waitingFailures -= 1
            return failure.failure.action == .stop && state.isGoing && state.run == run
        }
        tell(.diskFailed(failure))
        if stops { halt(as: .ioError) }
    }
}
