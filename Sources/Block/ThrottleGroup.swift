package import Host
internal import Synchronization

/// Limits that one disk or several keep together (`throttling.group`, `-object throttle-group`).
///
/// ```
///   lane ── admit ──► ThrottleMember (a disk) ──┐
///   lane ── admit ──► ThrottleMember ───────────┼──► six buckets ── full: a ticket in the member's line
///                                               │                          │ timer
///   lane ◄── throttleReleased ──────────────────┴──────────────────────────┘ members in turn
/// ```
///
/// A request that may not go yet leaves a *ticket*; the request itself stays with its lane. When time has come the
/// group takes tickets, one disk after another so that a deep queue cannot starve its neighbour, and tells the lanes.
///
/// Thread-safe. Lanes are told without any lock, on the thread of the clock's loop or of whoever changed the limits.
package final class ThrottleGroup: Sendable {
    package let name: String
    private let clock: Clock

    struct Ticket {
        let waiter: any ThrottleWaiter
        let session: UInt64
        let bytes: UInt64
    }

    /// Released tickets of one lane.
    private struct Release {
        let waiter: any ThrottleWaiter
        let session: UInt64
        let direction: ThrottleDirection
        var count: Int
    }

    private struct State {
        var limits = ThrottleLimits()
        var buckets: [LeakyBucket] = []
        /// Until when the buckets have leaked.
        var time: UInt64 = 0
        var members: [ThrottleMember] = []
        /// Per direction: tickets of each member, in the order of `members`.
        var lines: [[[Ticket]]] = [[], []]
        /// Per direction: whose turn it is.
        var turns = [0, 0]
        var timers: [Clock.Timer] = []
    }

    private let state = Mutex(State())

    package init(name: String, limits: ThrottleLimits, clock: Clock) {
        self.name = name
        self.clock = clock
        let timers = ThrottleDirection.allCases.map { direction in
            clock.makeTimer { [weak self] in self?.expired(direction) }
        }
        state.withLock { state in
            state.timers = timers
            Self.apply(limits, &state)
        }
    }

    package var limits: ThrottleLimits { state.withLock { $0.limits } }

    /// Replaces the limits. What waits is judged by the new ones at once.
    package func setLimits(_ limits: ThrottleLimits) {
        state.withLock { Self.apply(limits, &$0) }
        for direction in ThrottleDirection.allCases { expired(direction) }
    }

    private static func apply(_ limits: ThrottleLimits, _ state: inout State) {
        state.limits = limits
        state.buckets = ThrottleLimits.Bound.allCases.map { LeakyBucket(limits[$0]) }
    }

    /// A disk joins.
    package func makeMember() -> ThrottleMember {
        let member = ThrottleMember(self)
        state.withLock { state in
            state.members.append(member)
            for direction in ThrottleDirection.allCases { state.lines[direction.rawValue].append([]) }
        }
        return member
    }

    // MARK: Requests

    func admit(
        _ member: ThrottleMember, _ direction: ThrottleDirection, bytes: UInt64, waiter: any ThrottleWaiter,
        session: UInt64
    ) -> Bool {
        state.withLock { state in
            guard let place = state.members.firstIndex(where: { $0 === member }) else { return true }
            let isFirst = state.lines[direction.rawValue].allSatisfy(\.isEmpty)
            let wait = isFirst ? wait(direction, &state) : 0
            if isFirst, wait == 0 {
                pour(direction, bytes, &state)
                return true
            }
            state.lines[direction.rawValue][place].append(Ticket(waiter: waiter, session: session, bytes: bytes))
            // Otherwise the timer is armed for the first of those that wait.
            if isFirst { state.timers[direction.rawValue].arm(at: state.time &+ wait) }
            return false
        }
    }

    /// A lane sends what it holds in spite of the limits.
    func withdraw(_ waiter: any ThrottleWaiter) {
        state.withLock { state in
            for direction in ThrottleDirection.allCases {
                for place in state.members.indices {
                    state.lines[direction.rawValue][place].removeAll { $0.waiter === waiter }
                }
            }
        }
    }

    /// A disk leaves; all that it waits for is released.
    func leave(_ member: ThrottleMember) {
        var releases: [Release] = []
        state.withLock { state in
            guard let place = state.members.firstIndex(where: { $0 === member }) else { return }
            state.members.remove(at: place)
            for direction in ThrottleDirection.allCases {
                let tickets = state.lines[direction.rawValue].remove(at: place)
                for ticket in tickets { Self.add(ticket, direction, to: &releases) }
                state.turns[direction.rawValue] = 0
            }
        }
        Self.tell(releases)
        // Those who waited behind it.
        for direction in ThrottleDirection.allCases { expired(direction) }
    }

    /// Releases as many tickets as time allows, and sets the timer for the next.
    private func expired(_ direction: ThrottleDirection) {
        var releases: [Release] = []
        state.withLock { state in
            while let place = next(direction, state) {
                let wait = wait(direction, &state)
                guard wait == 0 else { return state.timers[direction.rawValue].arm(at: state.time &+ wait) }
                let ticket = state.lines[direction.rawValue][place].removeFirst()
                state.turns[direction.rawValue] = place + 1
                pour(direction, ticket.bytes, &state)
                Self.add(ticket, direction, to: &releases)
            }
        }
        Self.tell(releases)
    }

    /// The member whose turn it is among those that wait.
    private func next(_ direction: ThrottleDirection, _ state: borrowing State) -> Int? {
        let lines = state.lines[direction.rawValue]
        guard !lines.isEmpty else { return nil }
        let turn = state.turns[direction.rawValue]
        return (0..<lines.count).lazy.map { (turn + $0) % lines.count }.first { !lines[$0].isEmpty }
    }

    private static func add(_ ticket: Ticket, _ direction: ThrottleDirection, to releases: inout [Release]) {
        if let last = releases.indices.last, releases[last].waiter === ticket.waiter {
            releases[last].count += 1
            return
        }
        releases.append(
            Release(waiter: ticket.waiter, session: ticket.session, direction: direction, count: 1))
    }

    private static func tell(_ releases: [Release]) {
        for release in releases {
            release.waiter.throttleReleased(release.direction, count: release.count, session: release.session)
        }
    }

    // MARK: Buckets

    /// Lets the buckets leak until now; how long a request of this direction must wait.
    private func wait(_ direction: ThrottleDirection, _ state: inout State) -> UInt64 {
        let now = clock.now
        let passed = now - min(now, state.time)
        state.time = now
        var wait: UInt64 = 0
        for bound in ThrottleLimits.Bound.allCases {
            state.buckets[bound.rawValue].leak(nanoseconds: passed)
            if bound.includes(direction) { wait = max(wait, state.buckets[bound.rawValue].wait) }
        }
        return wait
    }

    private func pour(_ direction: ThrottleDirection, _ bytes: UInt64, _ state: inout State) {
        let size = state.limits.operationSize
        let operations = size > 0 && bytes > size ? Double(bytes) / Double(size) : 1
        for bound in ThrottleLimits.Bound.allCases where bound.includes(direction) {
            state.buckets[bound.rawValue].pour(bound.countsBytes ? Double(bytes) : operations)
        }
    }
}

/// A disk in a group.
package final class ThrottleMember: Sendable {
    package let group: ThrottleGroup

    fileprivate init(_ group: ThrottleGroup) { self.group = group }

    /// Whether a request may go now. If not, `waiter` is told when one of this direction that it holds may; its requests
    /// of one direction are released in the order they were asked for.
    package func admit(
        _ direction: ThrottleDirection, bytes: UInt64, waiter: any ThrottleWaiter, session: UInt64
    ) -> Bool {
        group.admit(self, direction, bytes: bytes, waiter: waiter, session: session)
    }

    /// `waiter` waits no longer: it sends what it holds now. Releases that are on their way carry an old session.
    package func withdraw(_ waiter: any ThrottleWaiter) { group.withdraw(waiter) }

    /// The disk is limited no more, at least not by this group.
    package func leave() { group.leave(self) }
}

/// Holds requests until it is told that they may go: a lane.
package protocol ThrottleWaiter: AnyObject, Sendable {
    /// The first `count` held requests of this direction may go, if they are still those of `session`. On any thread.
    func throttleReleased(_ direction: ThrottleDirection, count: Int, session: UInt64)
}
