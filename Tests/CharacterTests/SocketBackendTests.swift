import Character
import Glibc
import Host
import Support
import Testing

@Suite struct SocketBackendTests {
    let loop: EventLoop
    let directory: TestPipes.Directory

    init() throws {
        loop = try EventLoop()
        directory = try TestPipes.Directory()
    }

    func server(_ name: String = "s") throws -> (SocketBackend, SocketAddress) {
        let address = SocketAddress.unix(path: directory.file(name))
        return (try SocketBackend(listeningAt: address, loop: loop), address)
    }

    @Test("A slow reader gets every byte in order")
    func backPressure() throws {
        let (ours, theirs) = try TestPipes.sockets(sendBuffer: 1)
        let reader = FileDescriptor(owning: theirs)
        let backend = try SocketBackend(connected: FileDescriptor(owning: ours), name: "pair", loop: loop)
        let frontEnd = TestFrontEnd(backend)
        let sent = pattern(200_000)
        for start in stride(from: 0, to: sent.count, by: 1000) { frontEnd.send(Array(sent[start..<start + 1000])) }
        #expect(frontEnd.waiting > 100_000)

        var got: [UInt8] = []
        let isDone = loop.turn {
            got += TestPipes.drain(reader.rawValue, limit: 700)
            return got.count == sent.count
        }
        #expect(isDone && got == sent)
        #expect(frontEnd.waiting == 0 && frontEnd.lost == 0)
        backend.close()
    }

    @Test("Input waits in the kernel until the front end has room")
    func flowControl() throws {
        let (ours, theirs) = try TestPipes.sockets()
        let writer = FileDescriptor(owning: theirs)
        let backend = try SocketBackend(connected: FileDescriptor(owning: ours), name: "pair", loop: loop)
        let frontEnd = TestFrontEnd(backend, capacity: 0)
        let sent = pattern(5000)
        #expect(TestPipes.fill(writer.rawValue, sent[...]) == sent.count)
        loop.settle()
        #expect(frontEnd.received.isEmpty)
        while frontEnd.received.count < sent.count {
            let before = frontEnd.received.count
            frontEnd.allow(16)
            #expect(loop.turn { frontEnd.received.count > before })
            #expect(frontEnd.received.count <= before + 16)
        }
        #expect(frontEnd.received == sent)
        backend.close()
    }

    @Test("A client that hangs up is heard out, and the next one need not wait for that")
    func lastWords() throws {
        let (backend, address) = try server()
        let frontEnd = TestFrontEnd(backend, capacity: 0)
        do {
            let client = try Socket.connect(to: address)
            #expect(loop.turn { backend.isOpen })
            _ = TestPipes.fill(client.rawValue, Array("last words".utf8)[...])
            loop.settle()
        }
        #expect(loop.turn { !backend.isOpen })
        let next = try Socket.connect(to: address)
        #expect(loop.turn { backend.isOpen })
        _ = TestPipes.fill(next.rawValue, Array(", first words".utf8)[...])
        loop.settle()
        #expect(frontEnd.received.isEmpty)
        frontEnd.allow(4)
        #expect(loop.turn { frontEnd.received.count == 4 })
        frontEnd.allow(.max)
        #expect(loop.turn { frontEnd.received.count == 23 })
        #expect(String(decoding: frontEnd.received, as: UTF8.self) == "last words, first words")
        #expect(frontEnd.events == [.opened, .closed, .opened])
        backend.close()
    }

    @Test("A server talks to one client at a time and discards output without one")
    func oneClient() throws {
        let (backend, address) = try server()
        let frontEnd = TestFrontEnd(backend)
        frontEnd.send("nobody hears this")
        #expect(frontEnd.waiting == 0 && !backend.isOpen)

        var first: FileDescriptor? = try Socket.connect(to: address)
        let second = try Socket.connect(to: address)
        #expect(loop.turn { backend.isOpen })
        frontEnd.send("one")
        loop.settle()
        #expect(TestPipes.drain(second.rawValue).isEmpty)
        first = nil
        #expect(loop.turn { frontEnd.events == [.opened, .closed, .opened] })
        frontEnd.send("two")
        #expect(TestPipes.drain(second.rawValue) == Array("two".utf8))
        _ = consume first
        backend.close()
    }

    @Test("A client that leaves with unread output does not hold the front end up")
    func leavesUnread() throws {
        let (backend, address) = try server()
        let frontEnd = TestFrontEnd(backend)
        do {
            let client = try Socket.connect(to: address)
            #expect(loop.turn { backend.isOpen })
            frontEnd.send(pattern(900_000))
            #expect(frontEnd.waiting > 0)
            _ = consume client
        }
        #expect(loop.turn { frontEnd.waiting == 0 && !backend.isOpen })
        backend.close()
    }

    @Test("The socket file goes with the server, but not somebody else's")
    func fileRemoved() throws {
        let (backend, address) = try server()
        backend.close()
        #expect(unsafe access(directory.file("s"), F_OK) != 0)
        #expect(throws: SocketError.self) { _ = try Socket.connect(to: address) }
    }

    @Test("wait=on returns with the first client, or when it is interrupted")
    func waits() throws {
        let (backend, address) = try server()
        let (reading, writing) = try TestPipes.pipe()
        let interruption = FileDescriptor(owning: reading)
        let other = FileDescriptor(owning: writing)
        _ = TestPipes.fill(other.rawValue, [1])
        #expect(throws: CharacterError.interrupted) {
            try backend.waitForClient(interruption: interruption.rawValue)
        }
        let client = try Socket.connect(to: address)
        try backend.waitForClient()
        #expect(backend.isOpen)
        // A front end that comes later still hears of the client.
        let frontEnd = TestFrontEnd(backend)
        #expect(loop.turn { frontEnd.events == [.opened] })
        _ = consume client
        backend.close()
    }

    @Test("TCP clients are served like others")
    func tcp() throws {
        let backend = try SocketBackend(listeningAt: .tcp(host: "127.0.0.1", port: 0), loop: loop)
        let frontEnd = TestFrontEnd(backend)
        let address = try #require(backend.address)
        let client = try Socket.connect(to: address)
        _ = TestPipes.fill(client.rawValue, Array("ping".utf8)[...])
        #expect(loop.turn { frontEnd.received == Array("ping".utf8) })
        frontEnd.send("pong")
        var got: [UInt8] = []
        #expect(
            loop.turn {
                got += TestPipes.drain(client.rawValue)
                return got == Array("pong".utf8)
            })
        backend.close()
    }
}
