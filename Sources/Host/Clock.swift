internal import CLinux
internal import Glibc
internal import Synchronization

/// A machine's time, in nanoseconds from its start, and the timers that hang on it.
///
/// Two sources: the host's monotonic clock (a running machine), and a hand-turned one (`-accel qtest` and unit tests)
/// that moves only by `advance`. Both stand still between `pause` and `resume`, as QEMU's virtual clock does, so a
/// stopped guest does not see its timers expire.
///
/// Timers are armed from any thread. Their handlers run on the loop that the clock is attached to, or inside `advance`,
/// in the order of their deadlines, never under a lock.
package final class Clock: Sendable {
    package enum Source: Sendable { case host, manual }

    /// A deadline with a handler; made by `Clock.makeTimer`.
    package final class Timer: Sendable {
        fileprivate let identifier: UInt64
        fileprivate let handler: @Sendable () -> Void
        private let clock: Clock

        fileprivate init(identifier: UInt64, clock: Clock, handler: @escaping @Sendable () -> Void) {
            self.identifier = identifier
            self.clock = clock
            self.handler = handler
        }

        /// Sets the deadline, replacing an earlier one. A deadline in the past expires at once.
        package func arm(at deadline: UInt64) { clock.arm(self, at: deadline) }

        /// Takes the deadline back. A handler that already runs is not waited for.
        package func cancel() { clock.cancel(self) }
    }

    private struct Entry {
        var deadline: UInt64
        var timer: Timer
    }

    private struct State {
        /// The host time at which machine time 0 was, or, while paused, meaningless.
        var origin: UInt64 = 0
        /// Machine time while paused or manual.
        var frozen: UInt64 = 0
        var isPaused = false
        var nextIdentifier: UInt64 = 0
        /// Sorted by deadline; a machine has a handful of timers.
        var entries: [Entry] = []
    }

    package let source: Source
    private let state: Mutex<State>
    private let timer: FileDescriptor

    package init(source: Source) throws(Errno) {
        self.source = source
        var state = State()
        state.origin = Clock.hostNanoseconds()
        self.state = Mutex(state)
        timer = FileDescriptor(owning: try Errno.check(timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK))))
    }

    /// Machine time in nanoseconds.
    package var now: UInt64 { state.withLock { now($0) } }

    package func makeTimer(_ handler: @escaping @Sendable () -> Void) -> Timer {
        let identifier = state.withLock { state in
            state.nextIdentifier += 1
            return state.nextIdentifier
        }
        return Timer(identifier: identifier, clock: self, handler: handler)
    }

    /// Lets `loop` run the timers of a host clock.
    package func attach(to loop: EventLoop) throws(Errno) -> EventLoop.Watch {
        try loop.watch(timer.rawValue, .readable) { [self] _ in
            var expirations: UInt64 = 0
            _ = unsafe read(timer.rawValue, &expirations, 8)
            runExpired(until: now)
            state.withLock { program($0) }
        }
    }

    /// Stops time. Idempotent.
    package func pause() {
        state.withLock { state in
            guard !state.isPaused else { return }
            state.frozen = now(state)
            state.isPaused = true
            program(state)
        }
    }

    /// Lets time go on from where it stopped. Idempotent.
    package func resume() {
        state.withLock { state in
            guard state.isPaused else { return }
            state.isPaused = false
            state.origin = Clock.hostNanoseconds() &- state.frozen
            program(state)
        }
    }

    /// The earliest deadline, if any timer is armed.
    package var nextDeadline: UInt64? { state.withLock { $0.entries.first?.deadline } }

    /// Moves a manual clock to `time` (never back), running every timer due on the way at its own time.
    package func advance(to time: UInt64) {
        guard source == .manual else { return }
        runExpired(until: time)
        state.withLock { $0.frozen = max($0.frozen, time) }
    }

    /// Runs the timers due at `limit`, each with the manual clock standing at its deadline.
    private func runExpired(until limit: UInt64) {
        while true {
            let due: Timer? = state.withLock { state in
                guard let first = state.entries.first, first.deadline <= limit else { return nil }
                state.entries.removeFirst()
                if source == .manual { state.frozen = max(state.frozen, first.deadline) }
                return first.timer
            }
            guard let due else { return }
            due.handler()
        }
    }

    private func arm(_ timer: Timer, at deadline: UInt64) {
        state.withLock { state in
            state.entries.removeAll { $0.timer === timer }
            let index = state.entries.firstIndex { $0.deadline > deadline } ?? state.entries.count
            state.entries.insert(Entry(deadline: deadline, timer: timer), at: index)
            if index == 0 { program(state) }
        }
    }

    private func cancel(_ timer: Timer) {
        state.withLock { state in state.entries.removeAll { $0.timer === timer } }
    }

    private func now(_ state: borrowing State) -> UInt64 {
        if source == .manual || state.isPaused { return state.frozen }
        return Clock.hostNanoseconds() &- state.origin
    }

    /// Sets the kernel's timer to the earliest deadline. A timer left set too early costs one idle wake-up.
    private func program(_ state: borrowing State) {
        guard source == .host else { return }
        var setting = itimerspec()
        if !state.isPaused, let deadline = state.entries.first?.deadline {
            let host = max(1, deadline.addingReportingOverflow(state.origin).partialValue)
            setting.it_value.tv_sec = Int(clamping: host / 1_000_000_000)
            setting.it_value.tv_nsec = Int(host % 1_000_000_000)
        }
        _ = unsafe timerfd_settime(timer.rawValue, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    /// The host's monotonic clock, which no machine's pause stops.
    package static func hostNanoseconds() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
