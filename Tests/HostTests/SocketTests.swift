import CLinux
import Glibc
import Host
import Support
import Testing

@Suite struct SocketTests {
    let directory: TestPipes.Directory

    init() throws { directory = try TestPipes.Directory() }

    var address: SocketAddress { .unix(path: directory.file("s")) }

    func isNonBlockingAndPrivate(_ number: Int32) -> Bool {
        apus_fcntl(number, F_GETFL, 0) & O_NONBLOCK != 0 && apus_fcntl(number, F_GETFD, 0) & FD_CLOEXEC != 0
    }

    @Test("A client's bytes and descriptors reach the server")
    func conversation() throws {
        let listener = try SocketListener(address)
        #expect(isNonBlockingAndPrivate(listener.fileDescriptor))
        let none = try listener.accept()?.rawValue
        #expect(none == nil)
        let client = try Socket.connect(to: address)
        let accepted = try listener.accept()
        guard let server = accepted else {
            Issue.record("nobody came")
            return
        }
        #expect(isNonBlockingAndPrivate(client.rawValue) && isNonBlockingAndPrivate(server.rawValue))
        _ = TestPipes.fill(client.rawValue, Array("hello".utf8)[...])
        var passed = PassedDescriptors()
        var buffer = [UInt8](repeating: 0, count: 16)
        let number = server.rawValue
        let count = try unsafe buffer.withUnsafeMutableBytes {
            try unsafe Socket.receive(number, into: $0, passed: &passed)
        }
        #expect(count == 5 && passed.count == 0)
        #expect(throws: Errno.wouldBlock) {
            try unsafe buffer.withUnsafeMutableBytes { try unsafe Socket.receive(number, into: $0, passed: &passed) }
        }
    }

    @Test("A stale socket file is replaced; a living server's and other files are not")
    func stale() throws {
        let path = directory.file("s")
        do {
            // What a process that crashed leaves: a bound file without a listener.
            let socket = FileDescriptor(owning: apus_socket(AF_UNIX, 0))
            let result = unsafe apus_bind_unix(socket.rawValue, path)
            #expect(result == 0)
        }
        let first = try SocketListener(address)
        #expect(throws: SocketError.inUse(address)) { try SocketListener(address) }
        first.close()
        let gone = unsafe access(path, F_OK) != 0
        #expect(gone)

        _ = try FileDescriptor.open(path, O_WRONLY | O_CREAT)
        #expect(throws: SocketError.notASocket(path: path)) { try SocketListener(address) }
        let stays = unsafe access(path, F_OK) == 0
        #expect(stays)
    }

    @Test("A socket file that somebody else put there stays")
    func foreign() throws {
        let path = directory.file("s")
        let first = try SocketListener(address)
        unsafe unlink(path)
        let second = try SocketListener(address)
        first.close()
        let stays = unsafe access(path, F_OK) == 0
        #expect(stays)
        second.close()
        let gone = unsafe access(path, F_OK) != 0
        #expect(gone)
    }

    @Test("A TCP port that is taken, a host that is none and a closed port are sentences")
    func tcp() throws {
        let listener = try SocketListener(.tcp(host: "127.0.0.1", port: 0))
        let taken = try #require(listener.address)
        #expect(throws: SocketError.inUse(taken)) { try SocketListener(taken) }
        let client = try Socket.connect(to: taken)
        #expect(isNonBlockingAndPrivate(client.rawValue))
        do {
            _ = try SocketListener(.tcp(host: "256.256.256.256", port: 1))
            Issue.record("no such host exists")
        } catch {
            #expect(error.description.hasPrefix("Cannot find the host '256.256.256.256': "))
        }
        #expect(throws: SocketError.self) { _ = try Socket.connect(to: .tcp(host: "127.0.0.1", port: 1)) }
    }

    @Test("Paths that cannot be are refused with their length or reason")
    func paths() {
        let long = "/tmp/" + String(repeating: "x", count: 103)
        #expect(throws: SocketError.pathTooLong(path: long)) { try SocketListener(.unix(path: long)) }
        #expect(SocketError.pathTooLong(path: long).description.contains("108 bytes"))
        #expect(throws: SocketError.pathMissing) { try SocketListener(.unix(path: "")) }
        let nowhere = SocketAddress.unix(path: "/nowhere/s")
        #expect(throws: SocketError.cannotListen(nowhere, errno: .notFound)) { try SocketListener(nowhere) }
        #expect(throws: SocketError.cannotConnect(nowhere, errno: .notFound)) {
            _ = try Socket.connect(to: nowhere)
        }
        let fits = directory.file(String(repeating: "y", count: 107 - directory.path.utf8.count - 1))
        #expect(throws: Never.self) { try SocketListener(.unix(path: fits)).close() }
    }

    @Test("A passed descriptor must be what it is used as")
    func adopted() throws {
        let null = try FileDescriptor.open("/dev/null", O_RDONLY)
        let number = null.rawValue
        #expect(throws: SocketError.self) { try SocketListener(adopting: number) }
        #expect(throws: SocketError.self) { _ = try Socket.adopt(connected: number) }
        let (first, second) = try TestPipes.sockets()
        let other = FileDescriptor(owning: second)
        let adopted = try Socket.adopt(connected: first)
        #expect(isNonBlockingAndPrivate(adopted.rawValue))
        #expect(throws: SocketError.self) { try SocketListener(adopting: other.rawValue) }
    }
}
