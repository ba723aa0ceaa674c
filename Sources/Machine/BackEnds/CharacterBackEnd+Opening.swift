internal import Character
internal import Configuration
internal import Glibc
internal import Host

// From a description of a stream to the stream.
extension BackEnds {
    func open(
        _ configuration: CharacterBackendConfiguration, subject: String
    ) throws(MachineError) -> any CharacterBackend {
        try blaming(subject) { () throws(CharacterError) in
            switch configuration {
            case .null: NullBackend()
            case .stdio(let signals): try StdioBackend(loop: loop, signals: signals, log: log)
            case .file(let path, let appends, let input):
                FileBackend(
                    try openFile(path, O_WRONLY | O_CREAT | (appends ? O_APPEND : O_TRUNC)),
                    input: try openInput(input), name: path, loop: loop, log: log)
            case .pipe(let path): try PipeBackend(path: path, loop: loop, log: log)
            case .pty: try PTYBackend(loop: loop)
            case .ringBuffer(let size): try RingBufferBackend(size: size)
            case .socket(let socket): try open(socket)
            }
        }
    }

    /// Puts a log file before `backend`, if one is asked for.
    func logged(
        _ backend: any CharacterBackend, _ log: CharacterConfiguration.Log?, subject: String
    ) throws(MachineError) -> any CharacterBackend {
        guard let log else { return backend }
        return try blaming(subject) { () throws(CharacterError) in
            let file = try openFile(log.path, O_WRONLY | O_CREAT | (log.appends ? O_APPEND : O_TRUNC))
            return LoggedBackend(backend, file: file, name: log.path, loop: loop, log: self.log)
        }
    }

    private func openFile(_ path: String, _ flags: Int32) throws(CharacterError) -> FileDescriptor {
        do throws(Errno) {
            let file = try descriptorSets.open(path, flags | O_NOCTTY, mode: 0o666)
            // A pipe or a terminal must not hold up a guest; a file never does.
            try file.setNonBlocking()
            return file
        } catch {
            throw .cannotOpen(path: path, errno: error)
        }
    }

    private func openInput(_ path: String?) throws(CharacterError) -> FileDescriptor? {
        guard let path else { return nil }
        do throws(Errno) {
            return try descriptorSets.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch {
            throw .cannotOpen(path: path, errno: error)
        }
    }

    private func open(_ socket: SocketConfiguration) throws(CharacterError) -> any CharacterBackend {
        let backend: SocketBackend
        switch socket.address {
        case .unix(let path): backend = try open(socket, at: .unix(path: path))
        case .tcp(let host, let port): backend = try open(socket, at: .tcp(host: host, port: port))
        case .descriptor(let text): backend = try adopt(text, isServer: socket.isServer)
        }
        if socket.isServer, socket.waits { try backend.waitForClient(interruption: interruption) }
        return backend
    }

    private func open(_ socket: SocketConfiguration, at address: SocketAddress) throws(CharacterError) -> SocketBackend
    {
        if socket.isServer { return try SocketBackend(listeningAt: address, loop: loop) }
        guard socket.reconnectDelay > 0 else { return try SocketBackend(connectingTo: address, loop: loop) }
        return try SocketBackend(connectingTo: address, again: socket.reconnectDelay, loop: loop)
    }

    /// Takes over a socket that was inherited by number, or that `getfd` gave a name.
    private func adopt(_ text: String, isServer: Bool) throws(CharacterError) -> SocketBackend {
        let number: Int32
        if let inherited = Int32(text) {
            guard inherited > 2 else { throw .cannotOpen(path: "fd=\(text)", errno: Errno(rawValue: EBADF)) }
            number = inherited
        } else {
            guard let file = namedDescriptors.take(text) else {
                throw .cannotOpen(path: "fd=\(text)", errno: Errno(rawValue: EBADF))
            }
            number = file.release()
        }
        if isServer {
            let listener: SocketListener
            do throws(SocketError) { listener = try SocketListener(adopting: number) } catch { throw .socket(error) }
            return try SocketBackend(listener: listener, loop: loop)
        }
        let socket: FileDescriptor
        do throws(SocketError) { socket = try Socket.adopt(connected: number) } catch { throw .socket(error) }
        return try SocketBackend(connected: socket, name: "fd:\(text)", loop: loop)
    }
}
