import CLinux
import Character
import Glibc
import Host
import Log
import Support
import Testing

@Suite struct StdioBackendTests {
    let loop: EventLoop
    let log = Log { _, _ in }

    init() throws { loop = try EventLoop() }


    @Test("A pipe's reader gets every byte, and the shared pipe stays blocking")
    func pipe() throws {
        let (reading, writing) = try TestPipes.pipe()
        let reader = FileDescriptor(owning: reading)
        let writer = FileDescriptor(owning: writing)
        let null = try FileDescriptor.open("/dev/null", O_RDONLY)
        let backend = try StdioBackend(
            loop: loop, signals: true, log: log, standardInput: null.rawValue, standardOutput: writer.rawValue)
        let frontEnd = TestFrontEnd(backend)
        let sent = pattern(300_000)
        frontEnd.send(sent)
        #expect(frontEnd.waiting > 0)
        var got: [UInt8] = []
        let isDone = loop.turn {
            got += TestPipes.drain(reader.rawValue, limit: 3000)
            return got.count == sent.count
        }
        #expect(isDone && got == sent)
        #expect(fcntl(writer.rawValue, F_GETFL) & O_NONBLOCK == 0)
        backend.close()
    }

    @Test("Input from a file comes as the front end takes it, and its end does not end output")
    func fileInput() throws {
        let directory = try TestPipes.Directory()
        let path = directory.file("in")
        let text = pattern(10_000)
        do {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT)
            #expect(TestPipes.fill(file.rawValue, text[...]) == text.count)
        }
        let input = try FileDescriptor.open(path, O_RDONLY)
        let output = try FileDescriptor.open(directory.file("out"), O_RDWR | O_CREAT)
        let backend = try StdioBackend(
            loop: loop, signals: true, log: log, standardInput: input.rawValue, standardOutput: output.rawValue)
        let frontEnd = TestFrontEnd(backend, capacity: 100)
        #expect(loop.turn { frontEnd.received.count == 100 })
        loop.settle()
        #expect(frontEnd.received.count == 100)
        frontEnd.allow(.max)
        #expect(loop.turn { frontEnd.received == text })
        loop.settle()
        frontEnd.send("still here")
        #expect(try output.bytes(at: 0, count: 100) == Array("still here".utf8))
        backend.close()
    }

    @Test("A reader that goes away costs nothing but its bytes")
    func brokenPipe() throws {
        _ = signal(SIGPIPE, SIG_IGN)
        let (reading, writing) = try TestPipes.pipe()
        let writer = FileDescriptor(owning: writing)
        let null = try FileDescriptor.open("/dev/null", O_RDONLY)
        let backend = try StdioBackend(
            loop: loop, signals: true, log: log, standardInput: null.rawValue, standardOutput: writer.rawValue)
        let frontEnd = TestFrontEnd(backend)
        close(reading)
        frontEnd.send(pattern(100_000))
        #expect(frontEnd.waiting == 0)
        backend.close()
    }

    @Test("A terminal is raw while the back end lives and as before afterwards")
    func rawTerminal() throws {
        let pty = try PTYBackend(loop: loop)
        let slave = try FileDescriptor.open(pty.path, O_RDWR | O_NOCTTY)
        var before = termios()
        unsafe tcgetattr(slave.rawValue, &before)
        // What a shell has.
        before.c_lflag |= tcflag_t(ECHO | ICANON | ISIG)
        before.c_iflag |= tcflag_t(ICRNL)
        unsafe tcsetattr(slave.rawValue, TCSANOW, &before)
        let backend = try StdioBackend(
            loop: loop, signals: false, log: log, standardInput: slave.rawValue, standardOutput: slave.rawValue)
        var during = termios()
        unsafe tcgetattr(slave.rawValue, &during)
        #expect(during.c_lflag & tcflag_t(ECHO | ICANON | ISIG) == 0)
        #expect(during.c_iflag & tcflag_t(ICRNL) == 0)
        #expect(fcntl(slave.rawValue, F_GETFL) & O_NONBLOCK == 0)

        let other = TestFrontEnd(pty)
        let frontEnd = TestFrontEnd(backend)
        other.send([3, 13])
        #expect(loop.turn { frontEnd.received == [3, 13] })
        frontEnd.send("hi\n")
        #expect(loop.turn { other.received == Array("hi\r\n".utf8) })
        backend.close()
        pty.close()
    }
}

@Suite struct PTYBackendTests {
    @Test("Output is discarded until somebody opens the terminal, and again when they leave")
    func openAndClose() throws {
        let loop = try EventLoop()
        let backend = try PTYBackend(loop: loop)
        #expect(backend.description == "pty:\(backend.path)")
        let frontEnd = TestFrontEnd(backend)
        frontEnd.send(pattern(100_000))
        #expect(frontEnd.waiting == 0 && !backend.isOpen)
        do {
            let user = try FileDescriptor.open(backend.path, O_RDWR | O_NOCTTY)
            // The next byte notices.
            frontEnd.send("x")
            #expect(loop.turn { frontEnd.events == [.opened] })
            _ = TestPipes.fill(user.rawValue, Array("typed".utf8)[...])
            #expect(loop.turn { frontEnd.received == Array("typed".utf8) })
            let text = pattern(30_000)
            frontEnd.send(text)
            #expect(frontEnd.waiting > 0)
            var got: [UInt8] = []
            let isDone = loop.turn {
                got += TestPipes.drain(user.rawValue)
                return got.count == text.count + 1
            }
            #expect(isDone && Array(got.dropFirst()) == text)
        }
        #expect(loop.turn { frontEnd.events == [.opened, .closed] })
        // Without output, the tick notices the next one.
        let user = try FileDescriptor.open(backend.path, O_RDWR | O_NOCTTY)
        #expect(loop.turn { frontEnd.events == [.opened, .closed, .opened] })
        _ = consume user
        backend.close()
    }
}

@Suite struct FileBackendTests {
    @Test("A file is emptied first, or written to at its end")
    func append() throws {
        let directory = try TestPipes.Directory()
        let loop = try EventLoop()
        let log = Log { _, _ in }
        for (text, append) in [("one", false), ("two", false), ("three", true)] {
            let backend = try FileBackend(path: directory.file("f"), append: append, loop: loop, log: log)
            TestFrontEnd(backend).send(text)
            backend.close()
        }
        let file = try FileDescriptor.open(directory.file("f"), O_RDONLY)
        #expect(try file.bytes(at: 0, count: 100) == Array("twothree".utf8))
    }

    @Test("A full disk is reported once and does not hold the guest up")
    func full() throws {
        let loop = try EventLoop()
        let warnings = MultiplexerTests.Counter()
        let backend = try FileBackend(path: "/dev/full", loop: loop, log: Log { _, _ in warnings.add() })
        let frontEnd = TestFrontEnd(backend)
        frontEnd.send("a")
        frontEnd.send("b")
        #expect(frontEnd.waiting == 0 && warnings.count == 1)
        #expect(throws: CharacterError.self) {
            try FileBackend(path: "/nowhere/f", loop: loop, log: Log { _, _ in })
        }
        backend.close()
    }
}
