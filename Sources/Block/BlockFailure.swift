package import Host

/// What a disk does about a request that the host fails (`rerror`, `werror`).
package struct BlockErrorPolicy: Sendable, Equatable {
    package enum Choice: Sendable {
        /// The guest gets the error.
        case report
        /// The guest is told that all went well.
        case ignore
        /// The machine stops, and the request is tried again when it goes on.
        case stop
        /// As `stop` when the host has no space left, which it can be given; otherwise as `report`.
        case stopWithoutSpace
    }

    package var reads = Choice.report
    /// Flushes, discards and writes of zeros as well.
    package var writes = Choice.stopWithoutSpace

    package init() {}

    /// What is done about `error`.
    package func action(_ operation: BlockRequest.Operation, _ error: Errno) -> BlockFailure.Action {
        let choice = if case .read = operation { reads } else { writes }
        return switch choice {
        case .report: .report
        case .ignore: .ignore
        case .stop: .stop
        case .stopWithoutSpace: error == .noSpace ? .stop : .report
        }
    }
}

/// A request that the host failed, as it is told to those who manage the machine.
package struct BlockFailure: Sendable, Equatable {
    package enum Action: Sendable { case report, ignore, stop }

    package let isWrite: Bool
    package let error: Errno
    package let action: Action

    package init(isWrite: Bool, error: Errno, action: Action) {
        self.isWrite = isWrite
        self.error = error
        self.action = action
    }
}

/// How a disk fares: the last failure that stopped the machine, until it goes on.
package enum BlockHealth: UInt8, Sendable { case ok, failed, noSpace }
