internal import CLinux
internal import Glibc

/// Stream sockets: connecting, sending, receiving.
///
/// Everything made here is non-blocking and close-on-exec. A listener is `SocketListener`.
package enum Socket {
    /// How long `connect` waits for the other side, in seconds.
    private static let patience = 10

    /// Connects to `address`, waiting at most ten seconds.
    package static func connect(to address: SocketAddress) throws(SocketError) -> FileDescriptor {
        switch address {
        case .unix(let path):
            try check(path: path)
            do throws(Errno) {
                let socket = FileDescriptor(owning: try Errno.check(apus_socket(AF_UNIX, 0)))
                apus_set_send_timeout(socket.rawValue, patience)
                try Errno.retry { unsafe apus_connect_unix(socket.rawValue, path) }
                try socket.setNonBlocking()
                return socket
            } catch {
                throw .cannotConnect(address, errno: error)
            }
        case .tcp(let host, let port):
            let name = host.isEmpty ? "localhost" : host
            do throws(ResolutionFailure) {
                return unsafe try firstWorking(name, port, passive: false) { entry throws(Errno) in
                    let number = unsafe apus_socket(entry.ai_family, entry.ai_protocol)
                    let socket = FileDescriptor(owning: try Errno.check(number))
                    apus_set_send_timeout(socket.rawValue, patience)
                    let result = unsafe Glibc.connect(socket.rawValue, entry.ai_addr, entry.ai_addrlen)
                    // A connection that the timeout cut off reports that it is still in progress.
                    if result < 0, Errno.current.rawValue == EINPROGRESS { throw Errno(rawValue: ETIMEDOUT) }
                    try Errno.check(result)
                    prepare(connection: socket)
                    return socket
                }
            } catch {
                throw error.socketError(host: name) { .cannotConnect(address, errno: $0) }
            }
        }
    }

    /// Begins to connect to `address`, without waiting (but for the resolution of a host's name): the socket becomes
    /// writable when it is connected or has failed, which `connectionError` then tells.
    package static func beginConnecting(to address: SocketAddress) throws(SocketError) -> FileDescriptor {
        switch address {
        case .unix(let path):
            try check(path: path)
            do throws(Errno) {
                let socket = FileDescriptor(owning: try Errno.check(apus_socket(AF_UNIX, 0)))
                try socket.setNonBlocking()
                try Errno.retry { unsafe apus_connect_unix(socket.rawValue, path) }
                return socket
            } catch {
                throw .cannotConnect(address, errno: error)
            }
        case .tcp(let host, let port):
            let name = host.isEmpty ? "localhost" : host
            do throws(ResolutionFailure) {
                return unsafe try firstWorking(name, port, passive: false) { entry throws(Errno) in
                    let number = unsafe apus_socket(entry.ai_family, entry.ai_protocol)
                    let socket = FileDescriptor(owning: try Errno.check(number))
                    prepare(connection: socket)
                    let result = unsafe Glibc.connect(socket.rawValue, entry.ai_addr, entry.ai_addrlen)
                    if result < 0, Errno.current.rawValue != EINPROGRESS { throw .current }
                    return socket
                }
            } catch {
                throw error.socketError(host: name) { .cannotConnect(address, errno: $0) }
            }
        }
    }

    /// What became of a connection that `beginConnecting` began: nil for success. `descriptor` is borrowed.
    package static func connectionError(of descriptor: Int32) -> Errno? {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // Writes one local variable.
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 else { return .current }
        return error == 0 ? nil : Errno(rawValue: error)
    }

    /// Takes over a connected socket that the user passed by number (`fd=`).
    package static func adopt(connected number: Int32) throws(SocketError) -> FileDescriptor {
        guard apus_is_listening(number) == 0 else {
            throw .wrongDescriptor(number: number, expected: "a connected socket")
        }
        return FileDescriptor(owning: prepare(number))
    }

    /// One `recvmsg(2)` that never waits: the number of bytes that came, 0 at the end. Descriptors that came along
    /// (SCM_RIGHTS) are added to `passed`. `descriptor` is borrowed.
    package static func receive(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, passed: inout PassedDescriptors
    ) throws(Errno) -> Int {
        let limit = PassedDescriptors.limit
        // The kernel fills the first `received` of them.
        var numbers = [Int32](repeating: -1, count: limit)
        var received = 0
        let count = try Errno.retry {
            unsafe apus_receive_with_descriptors(
                descriptor, buffer.baseAddress, buffer.count, &numbers, limit, &received)
        }
        for number in numbers.prefix(received) { passed.add(number) }
        return count
    }

    // MARK: Shared with the listener

    static func check(path: String) throws(SocketError) {
        if path.isEmpty { throw .pathMissing }
        if path.utf8.count > 107 { throw .pathTooLong(path: path) }
    }

    /// Non-blocking, close-on-exec, and small packets at once: consoles and monitors are conversations.
    static func prepare(connection socket: borrowing FileDescriptor) { _ = prepare(socket.rawValue) }

    private static func prepare(_ number: Int32) -> Int32 {
        _ = apus_fcntl(number, F_SETFD, Int(FD_CLOEXEC))
        let flags = apus_fcntl(number, F_GETFL, 0)
        if flags >= 0 { _ = apus_fcntl(number, F_SETFL, Int(flags | O_NONBLOCK)) }
        var on: Int32 = 1
        // Fails on unix sockets, which have no such delay.
        _ = unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return number
    }

    /// What went wrong between a host name and a socket.
    enum ResolutionFailure: Error {
        case name(reason: String)
        case call(Errno)

        func socketError(host: String, _ wrap: (Errno) -> SocketError) -> SocketError {
            switch self {
            case .name(let reason): .unknownHost(host: host, reason: reason)
            case .call(let errno): wrap(errno)
            }
        }
    }

    /// Tries `attempt` on each address of `host` until one works; the last failure counts.
    static func firstWorking(
        _ host: String?, _ port: UInt16, passive: Bool, _ attempt: (addrinfo) throws(Errno) -> FileDescriptor
    ) throws(ResolutionFailure) -> FileDescriptor {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard status == 0, let first = unsafe list else {
            throw .name(reason: unsafe gai_strerror(status).map { unsafe String(cString: $0) } ?? "error \(status)")
        }
        // The list belongs to the C library and lives until it is freed here.
        defer { unsafe freeaddrinfo(first) }
        var failure = Errno(rawValue: EADDRNOTAVAIL)
        var next: UnsafeMutablePointer<addrinfo>? = unsafe first
        while let entry = unsafe next {
            do throws(Errno) {
                return unsafe try attempt(entry.pointee)
            } catch {
                failure = error
            }
            unsafe next = entry.pointee.ai_next
        }
        throw .call(failure)
    }
}
