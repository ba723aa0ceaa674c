internal import Synchronization

/// Several level-triggered drivers on one interrupt input: the input is high while any of them is (a wired OR).
///
/// ```
///   input 0 ──┐
///   input 1 ──┼─ OR ──► line
///   input 2 ──┘
/// ```
///
/// From any thread. The lock is held while the line is set, so that the line's last level is always the right one.
package final class InterruptJoin: InterruptController {
    private struct State {
        var high: UInt64 = 0
        var count: UInt32 = 0
    }

    private let line: InterruptLine
    private let state = Mutex(State())

    package init(_ line: InterruptLine) { self.line = line }

    /// The input's number at the interrupt controller.
    package var number: UInt32 { line.number }

    /// One more driver. There is room for 64; those beyond share the last place, and a level that one of them takes away
    /// is taken from all of them: boards stay far below.
    package func makeInput() -> InterruptLine {
        let index = state.withLock { state in
            defer { state.count += 1 }
            return min(state.count, 63)
        }
        return InterruptLine(number: index, controller: self)
    }

    package func set(_ input: UInt32, level: Bool) {
        state.withLock { state in
            let before = state.high != 0
            if level { state.high |= 1 << UInt64(input) } else { state.high &= ~(1 << UInt64(input)) }
            let after = state.high != 0
            if before != after { line.set(after) }
        }
    }
}
