internal import CLinux
internal import Glibc
internal import Synchronization

/// A socket that waits for clients.
///
/// A unix socket is a file. A file that an earlier process left behind (nobody answers there) is replaced, and `close`
/// removes the file, unless somebody else has put another in its place meanwhile.
///
/// Use from one thread at a time.
package final class SocketListener: Sendable {
    /// Where it listens; a port that the kernel chose is filled in. Nil for a descriptor that was passed.
    package let address: SocketAddress?
    private let socket: FileDescriptor
    private let file: Mutex<File?>

    /// Which file is ours.
    private struct File {
        /// Absolute: a daemon changes its working directory.
        let path: String
        let device: dev_t
        let inode: ino_t
    }

    /// The listening descriptor, borrowed: valid while this object lives. It becomes readable when a client waits.
    package var fileDescriptor: Int32 { socket.rawValue }

    /// Listens at `address`.
    package init(_ address: SocketAddress) throws(SocketError) {
        switch address {
        case .unix(let path):
            try Socket.check(path: path)
            socket = try SocketListener.listen(path: path)
            var status = stat()
            let isThere = unsafe lstat(path, &status) == 0
            let absolute = FileDescriptor.absolutePath(path)
            file = Mutex(isThere ? File(path: absolute, device: status.st_dev, inode: status.st_ino) : nil)
            self.address = address
        case .tcp(let host, let port):
            do throws(Socket.ResolutionFailure) {
                socket = unsafe try Socket.firstWorking(host.isEmpty ? nil : host, port, passive: true) {
                    entry throws(Errno) in
                    let number = unsafe apus_socket(entry.ai_family, entry.ai_protocol)
                    let socket = FileDescriptor(owning: try Errno.check(number))
                    var on: Int32 = 1
                    // Lets a machine restart while old connections of its port still linger in the kernel.
                    _ = unsafe setsockopt(
                        socket.rawValue, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
                    try Errno.check(unsafe bind(socket.rawValue, entry.ai_addr, entry.ai_addrlen))
                    try Errno.check(Glibc.listen(socket.rawValue, 16))
                    try socket.setNonBlocking()
                    return socket
                }
            } catch {
                throw error.socketError(host: host) {
                    $0.rawValue == EADDRINUSE ? .inUse(address) : .cannotListen(address, errno: $0)
                }
            }
            self.file = Mutex(nil)
            let actual = UInt16(exactly: apus_local_port(socket.rawValue)) ?? port
            self.address = .tcp(host: host, port: actual)
        }
    }

    /// Takes over a listening socket that the user passed by number (`fd=`); its file, if it has one, is the user's.
    package init(adopting number: Int32) throws(SocketError) {
        guard apus_is_listening(number) == 1 else {
            throw .wrongDescriptor(number: number, expected: "a listening socket")
        }
        socket = FileDescriptor(owning: number)
        file = Mutex(nil)
        address = nil
        _ = apus_fcntl(number, F_SETFD, Int(FD_CLOEXEC))
        try? socket.setNonBlocking()
    }

    deinit { close() }

    /// The next client, or nil if none waits. A client that went away before it was accepted counts as none.
    package func accept() throws(Errno) -> FileDescriptor? {
        while true {
            let number = apus_accept(socket.rawValue)
            if number >= 0 {
                let connection = FileDescriptor(owning: number)
                Socket.prepare(connection: connection)
                return connection
            }
            let error = Errno.current
            switch error.rawValue {
            case EINTR: continue
            case EAGAIN, ECONNABORTED: return nil
            default: throw error
            }
        }
    }

    /// Removes the socket's file, so that nobody connects any more. The descriptor is closed with the object.
    package func close() {
        let ours = file.withLock { file in
            defer { file = nil }
            return file
        }
        guard let ours else { return }
        var status = stat()
        guard unsafe lstat(ours.path, &status) == 0, status.st_dev == ours.device, status.st_ino == ours.inode else {
            return
        }
        _ = unsafe unlink(ours.path)
    }

    private static func listen(path: String) throws(SocketError) -> FileDescriptor {
        let address = SocketAddress.unix(path: path)
        func fail(_ errno: Errno = .current) -> SocketError { .cannotListen(address, errno: errno) }

        let number = apus_socket(AF_UNIX, 0)
        guard number >= 0 else { throw fail() }
        let socket = FileDescriptor(owning: number)
        if unsafe apus_bind_unix(socket.rawValue, path) < 0 {
            guard Errno.current.rawValue == EADDRINUSE else { throw fail() }
            try removeStaleFile(path)
            guard unsafe apus_bind_unix(socket.rawValue, path) == 0 else { throw fail() }
        }
        guard Glibc.listen(socket.rawValue, 16) == 0 else { throw fail() }
        do throws(Errno) {
            try socket.setNonBlocking()
        } catch {
            throw fail(error)
        }
        return socket
    }

    /// Removes a socket file at which nobody answers.
    private static func removeStaleFile(_ path: String) throws(SocketError) {
        let address = SocketAddress.unix(path: path)
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw .notASocket(path: path)
        }
        let number = apus_socket(AF_UNIX, 0)
        guard number >= 0 else { throw .cannotListen(address, errno: .current) }
        let probe = FileDescriptor(owning: number)
        // Without waiting: a listener whose queue is full answers EAGAIN, and is alive.
        try? probe.setNonBlocking()
        guard unsafe apus_connect_unix(probe.rawValue, path) < 0, Errno.current.rawValue == ECONNREFUSED else {
            throw .inUse(address)
        }
        guard unsafe unlink(path) == 0 else { throw .cannotListen(address, errno: .current) }
    }
}
