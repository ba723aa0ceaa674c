import Host
import Support
import Synchronization
import Testing

@Suite struct EventLoopTests {
    final class Counter: Sendable {
        private let value = Atomic(0)
        func add() { value.add(1, ordering: .relaxed) }
        var count: Int { value.load(ordering: .relaxed) }
    }

    @Test("Posted work runs in order on the loop, also what work posts")
    func post() throws {
        let loop = try EventLoop()
        let log = Log()
        loop.post {
            log.note(1)
            loop.post { log.note(3) }
        }
        loop.post { log.note(2) }
        loop.settle()
        #expect(log.all == [1, 2, 3])
    }

    final class Log: Sendable {
        private let notes = Mutex<[Int]>([])
        func note(_ number: Int) { notes.withLock { $0.append(number) } }
        var all: [Int] { notes.withLock { $0 } }
    }

    @Test("Work of another thread wakes a loop that sleeps, and stop ends it")
    func threads() throws {
        let loop = try EventLoop()
        let counter = Counter()
        let thread = try Thread(name: "a name that is far too long") {
            for _ in 0..<1000 { loop.post { counter.add() } }
            loop.post { loop.stop() }
        }
        loop.run()
        thread.join()
        #expect(counter.count == 1000)
    }

    @Test("A watch that another handler cancelled in the same turn is not called")
    func cancelled() throws {
        let loop = try EventLoop()
        let first = try EventFD()
        let second = try EventFD()
        let counter = Counter()
        final class Holder: Sendable { let watches = Mutex<[EventLoop.Watch]>([]) }
        let holder = Holder()
        for event in [first, second] {
            let watch = try loop.watch(event.fileDescriptor, .readable) { _ in
                counter.add()
                for watch in holder.watches.withLock({ $0 }) { watch.cancel() }
            }
            holder.watches.withLock { $0.append(watch) }
        }
        first.signal()
        second.signal()
        loop.settle()
        #expect(counter.count == 1)
    }

    @Test("A watch can fall silent and be woken again")
    func change() throws {
        let loop = try EventLoop()
        let event = try EventFD()
        let counter = Counter()
        let watch = try loop.watch(event.fileDescriptor, .readable) { _ in
            counter.add()
            event.drain()
        }
        watch.change(to: [])
        event.signal()
        loop.settle()
        #expect(counter.count == 0)
        watch.change(to: .readable)
        loop.settle()
        #expect(counter.count == 1)
        watch.cancel()
        watch.cancel()
        event.signal()
        loop.settle()
        #expect(counter.count == 1)
    }

    @Test("What epoll cannot watch is refused, and leaves nothing behind")
    func refused() throws {
        let loop = try EventLoop()
        let file = try FileDescriptor.open("/dev/null", 0)
        #expect(throws: Errno.notPermitted) { _ = try loop.watch(file.rawValue, .readable) { _ in } }
        #expect(throws: Errno.self) { _ = try loop.watch(-1, .readable) { _ in } }
        loop.settle()
    }

    @Test("An eventfd counts signals and is empty after a drain")
    func eventFD() throws {
        let event = try EventFD()
        #expect(!event.drain())
        event.signal()
        event.signal()
        #expect(event.drain())
        #expect(!event.drain())
    }
}
