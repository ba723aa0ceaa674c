import Block
import Host
import Support
import Synchronization
import Testing

/// Limits, against a hand-turned clock: exact, however busy the machine is.
@Suite struct ThrottleTests {
    /// A lane that asks again as soon as it is let.
    final class Lane: ThrottleWaiter {
        let done = Mutex(0)

        func throttleReleased(_ direction: ThrottleDirection, count: Int, session: UInt64) {
            #expect(session == 1)
            done.withLock { $0 += count }
        }
        var count: Int { done.withLock { $0 } }
    }

    private static let second: UInt64 = 1_000_000_000
    let clock: Clock
    init() throws { clock = try Clock(source: .manual) }

    private func group(_ change: (inout ThrottleLimits) -> Void) -> ThrottleGroup {
        var limits = ThrottleLimits()
        change(&limits)
        #expect(limits.conflict == nil)
        return ThrottleGroup(name: "g", limits: limits, clock: clock)
    }

    /// Asks for `count` requests at once; how many may go at once.
    private func ask(
        _ member: ThrottleMember, _ lane: Lane, _ count: Int, _ direction: ThrottleDirection = .read,
        bytes: UInt64 = 4096
    ) -> Int {
        (0..<count).count { _ in member.admit(direction, bytes: bytes, waiter: lane, session: 1) }
    }

    @Test("1000 operations a second are, over ten seconds, 10,000 and the tenth of a second that may come at once")
    func operations() {
        let group = group { $0[.operations] = .init(average: 1000) }
        let (member, lane) = (group.makeMember(), Lane())
        let first = ask(member, lane, 20_000)
        #expect(first == 101)
        clock.advance(to: 10 * Self.second)
        #expect((9_999...10_001).contains(lane.count))
    }

    @Test("Bytes count, whatever the size of the requests", arguments: [UInt64(512), 4096, 1 << 20])
    func bytes(_ size: UInt64) {
        let group = group { $0[.bytesRead] = .init(average: 10 << 20) }
        let (member, lane) = (group.makeMember(), Lane())
        let first = ask(member, lane, 50_000, bytes: size)
        #expect(ask(member, lane, 10_000, .write, bytes: size) == 10_000)
        clock.advance(to: 2 * Self.second)
        let moved = UInt64(first + lane.count) * size
        // A tenth of a second at the begin, and one request that may pass the brim each time.
        #expect(moved >= min(20 << 20, 50_000 * size) && moved <= (21 << 20) + 2 * size)
    }

    @Test("A burst is allowed for its length, and the average afterwards")
    func burst() {
        let group = group { $0[.operations] = .init(average: 100, burst: 1000, burstLength: 3) }
        let (member, lane) = (group.makeMember(), Lane())
        var total = ask(member, lane, 20_000)
        // Not all of the burst at once: a tenth of a second of it.
        #expect(total == 101)
        clock.advance(to: 2 * Self.second)
        #expect((2_000...2_110).contains(total + lane.count))
        clock.advance(to: 10 * Self.second)
        total += lane.count
        // 3000 of the burst and what leaked meanwhile, then 100 a second.
        #expect((3_900...4_110).contains(total), "\(total)")
    }

    @Test("Large requests count as several with iops-size")
    func operationSize() {
        let group = group {
            $0[.operations] = .init(average: 100)
            $0.operationSize = 4096
        }
        let (member, lane) = (group.makeMember(), Lane())
        let first = ask(member, lane, 1000, bytes: 40_960)
        clock.advance(to: 10 * Self.second)
        #expect((100...102).contains(first + lane.count))
    }

    @Test("Reads and writes have limits of their own, or share one")
    func directions() {
        let group = group {
            $0[.operationsRead] = .init(average: 100)
            $0[.operationsWritten] = .init(average: 200)
        }
        let (reader, writer) = (Lane(), Lane())
        let member = group.makeMember()
        let first = (ask(member, reader, 2000), ask(member, writer, 2000, .write))
        clock.advance(to: 5 * Self.second)
        #expect((510...512).contains(first.0 + reader.count))
        #expect((1020...1022).contains(first.1 + writer.count))
    }

    @Test("Members of a group share its limit in equal parts, however deep their queues are")
    func sharing() {
        let group = group { $0[.operations] = .init(average: 1000) }
        let (deep, shallow) = (Lane(), Lane())
        let members = (group.makeMember(), group.makeMember())
        _ = ask(members.0, deep, 5000)
        _ = ask(members.1, shallow, 1000)
        clock.advance(to: Self.second)
        #expect(abs(deep.count - shallow.count) <= 1)
        #expect((999...1001).contains(deep.count + shallow.count))
    }

    @Test("Who leaves, withdraws or is unlimited has nothing waiting; the others go on")
    func ends() {
        let group = group { $0[.operations] = .init(average: 10) }
        let (first, second, third) = (Lane(), Lane(), Lane())
        let members = (group.makeMember(), group.makeMember())
        #expect(ask(members.0, first, 10) + ask(members.1, second, 10) + ask(members.1, third, 10) == 2)
        members.0.leave()
        #expect(first.count == 8)
        members.1.withdraw(second)
        clock.advance(to: 100 * Self.second)
        #expect(second.count == 0 && third.count == 10)
        #expect(clock.nextDeadline == nil)
        // A member that left is not limited.
        #expect(ask(members.0, first, 100) == 100)

        _ = ask(members.1, third, 20)
        group.setLimits(ThrottleLimits())
        #expect(third.count + ask(members.1, third, 5) >= 10 + 18 + 5)
    }

    @Test("What contradicts itself is refused by the option's name")
    func conflicts() {
        func conflict(_ change: (inout ThrottleLimits) -> Void) -> String? {
            var limits = ThrottleLimits()
            change(&limits)
            return limits.conflict
        }
        #expect(
            conflict {
                $0[.bytes] = .init(average: 1)
                $0[.bytesRead] = .init(average: 1)
            }?.contains("bps-read") == true)
        #expect(conflict { $0[.operations].burst = 5 } == "'iops-total-max' needs 'iops-total'.")
        #expect(conflict { $0[.operations] = .init(average: 5, burst: 4) }?.contains("cannot be lower") == true)
        #expect(
            conflict { $0[.operations] = .init(average: 5, burst: 9, burstLength: 0) }?.contains("cannot be 0") == true)
        #expect(
            conflict { $0[.operations] = .init(average: 5, burstLength: 2) }?.contains("needs 'iops-total-max'") == true
        )
        #expect(conflict { $0[.bytes] = .init(average: .max) }?.contains("up to") == true)
        #expect(conflict { $0.operationSize = 4096 } == "'iops-size' needs an iops limit.")
        #expect(
            conflict { $0[.bytes] = .init(average: 1, burst: 1 << 49, burstLength: 1 << 49) }?.contains("too long")
                == true)
    }
}
