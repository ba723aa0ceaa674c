internal import CLinux
internal import Glibc
internal import Synchronization

/// A thread's main loop over epoll: file descriptors that became ready, and work posted by other threads.
///
/// The control thread has one; every iothread has one. Handlers run on the thread that is inside `run()` (or `turn()`),
/// one at a time, so state that only one loop touches needs no lock. `watch`, `post` and `stop` may be called from any
/// thread.
///
/// A handler may cancel its own watch or any other: a watch that was cancelled is not called again, even when its
/// readiness was already collected in the same turn.
package final class EventLoop: Sendable {
    package struct Events: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let readable = Events(rawValue: UInt32(EPOLLIN.rawValue))
        package static let writable = Events(rawValue: UInt32(EPOLLOUT.rawValue))
        /// The other side hung up or the descriptor failed; always reported.
        package static let closed = Events(rawValue: UInt32(EPOLLHUP.rawValue | EPOLLERR.rawValue))
    }

    package typealias Handler = @Sendable (Events) -> Void

    /// One watched descriptor. Letting go of it does not end the watch: `cancel` does.
    package final class Watch: Sendable {
        fileprivate let token: UInt64
        fileprivate let descriptor: Int32
        private let loop: EventLoop

        fileprivate init(token: UInt64, descriptor: Int32, loop: EventLoop) {
            self.token = token
            self.descriptor = descriptor
            self.loop = loop
        }

        /// Ends the watch. Must come before the descriptor is closed. Idempotent.
        package func cancel() { loop.cancel(self) }

        /// Changes what is waited for; an empty set keeps the watch but is silent.
        package func change(to events: Events) { loop.change(self, events) }
    }

    private struct State {
        var handlers: [UInt64: Handler] = [:]
        var nextToken: UInt64 = 1
        var posted: [@Sendable () -> Void] = []
    }

    private let epoll: FileDescriptor
    private let wake: EventFD
    private let state = Mutex(State())
    private let stopping = Atomic(false)
    private let hasPosted = Atomic(false)
    private let polling: PollSettings
    private let pollers = Mutex<[any LoopPoller]>([])
    private let pollersVersion = Atomic(0)

    /// - Parameter polling: how `run` looks for work before it sleeps.
    package init(polling: PollSettings = PollSettings()) throws(Errno) {
        self.polling = polling
        epoll = FileDescriptor(owning: try Errno.check(epoll_create1(Int32(EPOLL_CLOEXEC))))
        wake = try EventFD()
        try control(EPOLL_CTL_ADD, wake.fileDescriptor, token: 0, events: .readable)
    }

    /// Calls `handler` on the loop's thread whenever `descriptor` is ready (level-triggered).
    ///
    /// The descriptor is borrowed: its owner cancels the watch before closing it.
    package func watch(_ descriptor: Int32, _ events: Events, _ handler: @escaping Handler) throws(Errno) -> Watch {
        let token = state.withLock { state in
            let token = state.nextToken
            state.nextToken += 1
            state.handlers[token] = handler
            return token
        }
        do {
            try control(EPOLL_CTL_ADD, descriptor, token: token, events: events)
        } catch {
            _ = state.withLock { $0.handlers.removeValue(forKey: token) }
            throw error
        }
        return Watch(token: token, descriptor: descriptor, loop: self)
    }

    /// Runs `work` on the loop's thread, after what was posted before it.
    package func post(_ work: @escaping @Sendable () -> Void) {
        let first = state.withLock { state in
            state.posted.append(work)
            return state.posted.count == 1
        }
        if first { hasPosted.store(true, ordering: .releasing) }
        if first { wake.signal() }
    }

    /// Makes `run` return after the current turn.
    package func stop() {
        stopping.store(true, ordering: .releasing)
        wake.signal()
    }

    /// Serves events until `stop`.
    package func run() {
        if polling.maximum > 0 {
            runPolling()
        } else {
            while !stopping.load(ordering: .acquiring) { turn(timeout: -1) }
        }
        stopping.store(false, ordering: .relaxed)
    }

    private func runPolling() {
        var window = Polling()
        while !stopping.load(ordering: .acquiring) {
            if window.run(self) {
                turn(timeout: 0)
            } else {
                turn(timeout: -1)
                window.slept(polling)
            }
        }
    }

    /// Lets the loop look for work itself, if it polls at all.
    package func add(_ poller: any LoopPoller) {
        guard polling.maximum > 0 else { return }
        pollers.withLock { $0.append(poller) }
        pollersVersion.add(1, ordering: .releasing)
    }

    /// Ends that. A last call may still be under way on the loop's thread.
    package func remove(_ poller: any LoopPoller) {
        guard polling.maximum > 0 else { return }
        pollers.withLock { $0.removeAll { $0 === poller } }
        pollersVersion.add(1, ordering: .releasing)
    }

    /// What to poll, if it changed.
    func pollers(newerThan version: Int) -> ([any LoopPoller], Int)? {
        let current = pollersVersion.load(ordering: .acquiring)
        return current == version ? nil : (pollers.withLock { $0 }, current)
    }

    /// Whether the loop has something to do besides its pollers.
    var isWanted: Bool { hasPosted.load(ordering: .relaxed) || stopping.load(ordering: .relaxed) }

    /// Serves what is ready now, waiting at most `timeout` milliseconds for it (-1: without end, 0: not at all).
    package func turn(timeout: Int32) {
        let capacity = 32
        unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: capacity) { events in
            let count = unsafe epoll_wait(epoll.rawValue, events.baseAddress, Int32(capacity), timeout)
            guard count > 0 else { return }
            for index in 0..<Int(count) {
                let token = unsafe events[index].data.u64
                let ready = unsafe Events(rawValue: events[index].events)
                if token == 0 {
                    runPosted()
                } else if let handler = state.withLock({ $0.handlers[token] }) {
                    handler(ready)
                }
            }
        }
    }

    private func runPosted() {
        wake.drain()
        hasPosted.store(false, ordering: .relaxed)
        let work = state.withLock { state in
            let work = state.posted
            state.posted = []
            return work
        }
        for item in work { item() }
    }

    private func cancel(_ watch: Watch) {
        let known = state.withLock { $0.handlers.removeValue(forKey: watch.token) != nil }
        guard known else { return }
        try? control(EPOLL_CTL_DEL, watch.descriptor, token: watch.token, events: [])
    }

    private func change(_ watch: Watch, _ events: Events) {
        try? control(EPOLL_CTL_MOD, watch.descriptor, token: watch.token, events: events)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, token: UInt64, events: Events) throws(Errno) {
        var event = unsafe epoll_event()
        unsafe event.events = events.rawValue
        unsafe event.data.u64 = token
        try Errno.check(unsafe epoll_ctl(epoll.rawValue, operation, descriptor, &event))
    }
}
