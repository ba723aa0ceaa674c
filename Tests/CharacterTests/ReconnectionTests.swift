import Character
import Glibc
import Host
import Support
import Testing

@Suite("reconnect=")
struct ReconnectionTests {
    let loop: EventLoop
    let directory: TestPipes.Directory

    init() throws {
        loop = try EventLoop()
        directory = try TestPipes.Directory()
    }

    @Test("A client connects once its server comes, and again when the server came back")
    func comesAndGoes() throws {
        let address = SocketAddress.unix(path: directory.file("s"))
        let backend = try SocketBackend(connectingTo: address, again: 1, loop: loop)
        let frontEnd = TestFrontEnd(backend)
        #expect(!backend.isOpen && backend.description.hasPrefix("disconnected:"))
        frontEnd.send("lost")
        for round in 1...2 {
            let listener = try SocketListener(address)
            var client: FileDescriptor?
            #expect(
                loop.turn {
                    client = client ?? (try? listener.accept()) ?? nil
                    return client != nil && backend.isOpen
                })
            frontEnd.send("hello")
            let number = client?.rawValue ?? -1
            #expect(TestPipes.drain(number) == Array("hello".utf8))
            #expect(TestPipes.fill(number, Array("there".utf8)[...]) == 5)
            #expect(loop.turn { frontEnd.received.count == 5 * round })
            listener.close()
            client = nil
            #expect(loop.turn { !backend.isOpen })
            #expect(frontEnd.events.count == 2 * round)
        }
        backend.close()
        #expect(frontEnd.events == [.opened, .closed, .opened, .closed])
    }

    @Test("Over TCP, too")
    func tcp() throws {
        let listener = try SocketListener(.tcp(host: "127.0.0.1", port: 0))
        guard let address = listener.address else { return }
        let backend = try SocketBackend(connectingTo: address, again: 1, loop: loop)
        let frontEnd = TestFrontEnd(backend)
        var client: FileDescriptor?
        #expect(
            loop.turn {
                client = client ?? (try? listener.accept()) ?? nil
                return client != nil && backend.isOpen
            })
        #expect(frontEnd.events == [.opened])
        backend.close()
    }
}
