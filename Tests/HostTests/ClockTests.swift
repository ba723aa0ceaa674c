import Host
import Support
import Synchronization
import Testing

@Suite struct ClockTests {
    final class Diary: Sendable {
        private let lines = Mutex<[String]>([])
        func note(_ text: String) { lines.withLock { $0.append(text) } }
        var all: [String] { lines.withLock { $0 } }
    }

    @Test("A hand-turned clock runs timers in the order of their deadlines, each at its own time")
    func order() throws {
        let clock = try Clock(source: .manual)
        let diary = Diary()
        let late = clock.makeTimer { diary.note("late \(clock.now)") }
        let early = clock.makeTimer {
            diary.note("early \(clock.now)")
            late.arm(at: 25)
        }
        late.arm(at: 40)
        early.arm(at: 10)
        #expect(clock.nextDeadline == 10)
        clock.advance(to: 30)
        #expect(diary.all == ["early 10", "late 25"])
        #expect(clock.now == 30 && clock.nextDeadline == nil)
        clock.advance(to: 20)
        #expect(clock.now == 30)
    }

    @Test("A cancelled or moved timer does not run at its old time")
    func cancel() throws {
        let clock = try Clock(source: .manual)
        let diary = Diary()
        let timer = clock.makeTimer { diary.note("\(clock.now)") }
        timer.arm(at: 10)
        timer.arm(at: 20)
        clock.advance(to: 15)
        #expect(diary.all.isEmpty)
        clock.advance(to: 20)
        timer.arm(at: 30)
        timer.cancel()
        clock.advance(to: 100)
        #expect(diary.all == ["20"])
        // A deadline that has passed expires at the next step.
        timer.arm(at: 5)
        clock.advance(to: 100)
        #expect(diary.all == ["20", "100"])
    }

    @Test("A paused clock stands still and runs no timers")
    func pause() throws {
        let loop = try EventLoop()
        let clock = try Clock(source: .host)
        let watch = try clock.attach(to: loop)
        let diary = Diary()
        let timer = clock.makeTimer { diary.note("ran") }
        clock.pause()
        clock.pause()
        let frozen = clock.now
        timer.arm(at: frozen)
        loop.settle()
        #expect(clock.now == frozen && diary.all.isEmpty)
        clock.resume()
        #expect(loop.turn { diary.all == ["ran"] })
        #expect(clock.now >= frozen)
        watch.cancel()
    }

    @Test("A host clock's timer runs on the loop, and one that is never due does not")
    func host() throws {
        let loop = try EventLoop()
        let clock = try Clock(source: .host)
        let watch = try clock.attach(to: loop)
        let diary = Diary()
        let soon = clock.makeTimer { diary.note("soon") }
        let never = clock.makeTimer { diary.note("never") }
        never.arm(at: .max)
        soon.arm(at: clock.now + 1_000_000)
        #expect(loop.turn { !diary.all.isEmpty })
        loop.settle()
        #expect(diary.all == ["soon"])
        watch.cancel()
    }
}
