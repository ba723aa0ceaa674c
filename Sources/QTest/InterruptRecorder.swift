internal import Synchronization

/// Remembers the level of every interrupt line, and tells of each change.
///
/// From any thread. Changes are told in the order in which they happened, under the lock that orders them, so the
/// observer must not set a line.
package final class InterruptRecorder: Sendable {
    private struct State {
        var raised: Set<UInt32> = []
        var observer: (@Sendable (_ line: UInt32, _ level: Bool) -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    package func set(_ line: UInt32, level: Bool) {
        state.withLock { state in
            let didChange = level ? state.raised.insert(line).inserted : state.raised.remove(line) != nil
            if didChange { state.observer?(line, level) }
        }
    }

    /// The level of a line now.
    package func level(of line: UInt32) -> Bool { state.withLock { $0.raised.contains(line) } }

    /// Calls `observer` at every change from now on; nil: no one any more.
    package func observe(_ observer: (@Sendable (_ line: UInt32, _ level: Bool) -> Void)?) {
        state.withLock { $0.observer = observer }
    }
}
