import Character
import Glibc
import Host
import Support
import Synchronization
import Testing

@Suite struct MultiplexerTests {
    let loop: EventLoop
    let keyboard: TestKeyboard
    let multiplexer: Multiplexer
    let console: TestFrontEnd
    let monitor: TestFrontEnd
    let quits: Counter

    /// The terminal behind the multiplexer, as a socket pair.
    final class TestKeyboard: Sendable {
        let descriptor: FileDescriptor
        init(_ number: Int32) { descriptor = FileDescriptor(owning: number) }
        func type(_ bytes: [UInt8]) { _ = TestPipes.fill(descriptor.rawValue, bytes[...]) }
        func type(_ text: String) { type(Array(text.utf8)) }
        var screen: String { String(decoding: TestPipes.drain(descriptor.rawValue), as: UTF8.self) }
    }

    final class Counter: Sendable {
        let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func add() { value.withLock { $0 += 1 } }
    }

    init() throws {
        loop = try EventLoop()
        let (ours, theirs) = try TestPipes.sockets(sendBuffer: 1)
        keyboard = TestKeyboard(theirs)
        let backend = try SocketBackend(connected: FileDescriptor(owning: ours), name: "pair", loop: loop)
        let quits = Counter()
        self.quits = quits
        multiplexer = Multiplexer(backend, loop: loop) { quits.add() }
        console = TestFrontEnd(multiplexer.makePort())
        monitor = TestFrontEnd(multiplexer.makePort())
    }

    @Test("Keys go to the port in focus, and Ctrl-A c moves the focus")
    func focus() {
        keyboard.type("ab\u{1}cxy\u{1}cz")
        #expect(loop.turn { console.received.count == 3 && monitor.received.count == 2 })
        #expect(console.received == Array("abz".utf8) && monitor.received == Array("xy".utf8))
        #expect(console.events.suffix(2) == [.unfocused, .focused])
        #expect(monitor.events.suffix(2) == [.focused, .unfocused])
        multiplexer.close()
    }

    @Test("Ctrl-A twice is one Ctrl-A, Ctrl-A b a break, and an unknown command nothing")
    func commands() {
        keyboard.type("\u{1}\u{1}\u{1}b\u{1}zq")
        #expect(loop.turn { console.received == [1, UInt8(ascii: "q")] })
        #expect(console.events.contains(.lineBreak) && quits.count == 0)
        multiplexer.close()
    }

    @Test("Ctrl-A x ends Apus even if the guest does not read")
    func quit() {
        console.allow(0)
        keyboard.type([UInt8](repeating: UInt8(ascii: "k"), count: 3000))
        keyboard.type("\u{1}x")
        #expect(loop.turn { quits.count == 1 })
        #expect(keyboard.screen.contains("terminated"))
        // And nothing typed before is lost.
        console.allow(.max)
        #expect(loop.turn { console.received.count == 3000 })
        multiplexer.close()
    }

    @Test("A full queue for input stops the terminal instead of losing keys")
    func inputBackPressure() {
        console.allow(0)
        let typed = pattern(20_000).map { $0 == 1 ? 2 : $0 }
        var sent = 0
        for _ in 0..<50 {
            sent += TestPipes.fill(keyboard.descriptor.rawValue, typed[sent...])
            loop.settle()
        }
        #expect(console.received.isEmpty)
        let isDone = loop.turn {
            sent += TestPipes.fill(keyboard.descriptor.rawValue, typed[sent...])
            console.allow(100)
            return console.received.count == typed.count
        }
        #expect(isDone && console.received == typed)
        multiplexer.close()
    }

    @Test("Both ports' output arrives whole behind a slow terminal, and help in one piece")
    func output() {
        let text = String(repeating: "c", count: 30_000)
        console.send(text)
        monitor.send(String(repeating: "m", count: 20_000))
        keyboard.type("\u{1}h")
        var screen = ""
        #expect(
            loop.turn {
                screen += keyboard.screen
                return screen.contains("send Ctrl-A") && screen.count { $0 == "c" } >= 30_000
                    && screen.count { $0 == "m" } >= 20_000
            })
        multiplexer.close()
    }
}
