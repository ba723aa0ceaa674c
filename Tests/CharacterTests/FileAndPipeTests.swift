import Character
import Glibc
import Host
import Log
import Support
import Testing

@Suite("Files, pipes and logs")
struct FileAndPipeTests {
    let loop: EventLoop
    let directory: TestPipes.Directory
    let log = Log { _, _ in }

    init() throws {
        loop = try EventLoop()
        directory = try TestPipes.Directory()
    }

    private func open(_ name: String, _ flags: Int32) throws -> FileDescriptor {
        try FileDescriptor.open(directory.file(name), flags | O_NONBLOCK, mode: 0o600)
    }

    private func makeFIFO(_ name: String) throws { try Errno.check(unsafe mkfifo(directory.file(name), 0o600)) }

    private func content(_ name: String) throws -> [UInt8] {
        try FileDescriptor.open(directory.file(name), O_RDONLY).bytes(at: 0, count: 1 << 20)
    }

    @Test("input-path is read to its end, as far as there is room, and the output goes on after it")
    func inputFile() throws {
        let sent = pattern(10_000)
        let file = try open("in", O_RDWR | O_CREAT)
        #expect(TestPipes.fill(file.rawValue, sent[...]) == sent.count)
        let backend = FileBackend(
            try open("out", O_WRONLY | O_CREAT), input: try open("in", O_RDONLY), name: "out", loop: loop, log: log)
        let frontEnd = TestFrontEnd(backend, capacity: 100)
        #expect(loop.turn { frontEnd.received.count == 100 })
        loop.settle()
        #expect(frontEnd.received.count == 100)
        frontEnd.allow(.max)
        #expect(loop.turn { frontEnd.received == sent })
        frontEnd.send("after")
        #expect(try content("out") == Array("after".utf8))
        backend.close()
    }

    @Test("A pipe is a pair of FIFOs whose users come and go")
    func pipe() throws {
        try makeFIFO("p.in")
        try makeFIFO("p.out")
        let backend = try PipeBackend(path: directory.file("p"), loop: loop, log: log)
        let frontEnd = TestFrontEnd(backend)
        // Nobody reads yet: it waits in the FIFO.
        frontEnd.send("early ")
        for round in 0..<3 {
            let writer = try open("p.in", O_WRONLY)
            let reader = try open("p.out", O_RDONLY)
            frontEnd.send("out\(round)")
            #expect(String(decoding: TestPipes.drain(reader.rawValue), as: UTF8.self).hasSuffix("out\(round)"))
            #expect(TestPipes.fill(writer.rawValue, Array("in\(round)".utf8)[...]) == 3)
            #expect(loop.turn { frontEnd.received.suffix(3) == Array("in\(round)".utf8)[...] })
        }
        backend.close()
    }

    @Test("A full pipe makes its guest wait, and loses nothing")
    func fullPipe() throws {
        try makeFIFO("p.in")
        try makeFIFO("p.out")
        let backend = try PipeBackend(path: directory.file("p"), loop: loop, log: log)
        let frontEnd = TestFrontEnd(backend)
        let sent = pattern(200_000)
        frontEnd.send(sent)
        #expect(frontEnd.waiting > 0)
        let reader = try open("p.out", O_RDONLY)
        var got: [UInt8] = []
        #expect(
            loop.turn {
                got += TestPipes.drain(reader.rawValue, limit: 3000)
                return got.count == sent.count
            })
        #expect(got == sent && frontEnd.lost == 0)
        backend.close()
    }

    @Test("A pipe that is not there is refused")
    func noPipe() {
        #expect(throws: CharacterError.cannotOpen(path: directory.file("none"), errno: .notFound)) {
            try PipeBackend(path: directory.file("none"), loop: loop, log: log)
        }
    }

    @Test("A log holds what the back end took, byte for byte, whichever of the two is slow", arguments: [true, false])
    func slowLog(_ logIsSlow: Bool) throws {
        try makeFIFO("log")
        let (ours, theirs) = try TestPipes.sockets(sendBuffer: 1)
        let reader = FileDescriptor(owning: theirs)
        let logReader = try open("log", O_RDONLY)
        let socket = try SocketBackend(connected: FileDescriptor(owning: ours), name: "pair", loop: loop)
        let backend = LoggedBackend(socket, file: try open("log", O_WRONLY), name: "log", loop: loop, log: log)
        let frontEnd = TestFrontEnd(backend)
        let sent = pattern(150_000)
        for start in stride(from: 0, to: sent.count, by: 1000) { frontEnd.send(Array(sent[start..<start + 1000])) }
        #expect(frontEnd.waiting > 0)
        var got: [UInt8] = []
        var logged: [UInt8] = []
        #expect(
            loop.turn {
                got += TestPipes.drain(reader.rawValue, limit: logIsSlow ? .max : 500)
                logged += TestPipes.drain(logReader.rawValue, limit: logIsSlow ? 500 : .max)
                return got.count == sent.count && logged.count == sent.count
            })
        #expect(got == sent && logged == sent)
        #expect(frontEnd.waiting == 0 && frontEnd.lost == 0)
        backend.close()
    }

    @Test("A log whose reader is gone ends alone")
    func lostLog() throws {
        _ = signal(SIGPIPE, SIG_IGN)
        try makeFIFO("log")
        let (ours, theirs) = try TestPipes.sockets()
        let reader = FileDescriptor(owning: theirs)
        let file: FileDescriptor
        do {
            let logReader = try open("log", O_RDONLY)
            file = try open("log", O_WRONLY)
            _ = consume logReader
        }
        let socket = try SocketBackend(connected: FileDescriptor(owning: ours), name: "pair", loop: loop)
        let backend = LoggedBackend(socket, file: file, name: "log", loop: loop, log: log)
        let frontEnd = TestFrontEnd(backend)
        frontEnd.send("still here")
        #expect(TestPipes.drain(reader.rawValue) == Array("still here".utf8))
        backend.close()
    }
}
