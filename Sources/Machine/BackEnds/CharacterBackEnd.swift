package import Character
package import Configuration
internal import Host
internal import Synchronization

/// A character stream that is open, and who has it.
struct CharacterStream: Sendable {
    /// `-chardev id=`; nil for one that an option like `-serial stdio` made in place.
    let identifier: String?
    let backend: any CharacterBackend
    /// Set for a stream that several front ends share.
    let multiplexer: Multiplexer?
    var user: String?
}

// Character streams.
extension BackEnds {
    /// Opens the `-chardev`s.
    func add(_ characters: [CharacterConfiguration]) throws(MachineError) {
        for character in characters {
            let subject = "-chardev id=\(character.identifier)"
            guard !state.withLock({ $0.streams.contains { $0.identifier == character.identifier } }) else {
                throw .configuration(.duplicateIdentifier(kind: "chardev", identifier: character.identifier))
            }
            guard character.log == nil else {
                throw .part(option: subject, reason: "'logfile' is not supported yet.")
            }
            let backend = try open(character.backend, subject: subject)
            let multiplexer = character.isShared ? multiplex(backend) : nil
            state.withLock { state in
                state.streams.append(
                    CharacterStream(
                        identifier: character.identifier, backend: backend, multiplexer: multiplexer, user: nil))
            }
        }
    }

    /// The stream that `reference` names or describes, for `user` alone unless it is shared; nil for `none`.
    package func character(_ reference: CharacterReference, for user: String) throws(MachineError) -> (any CharacterBackend)? {
        switch reference {
        case .none: return nil
        case .chardev(let name): return try claimCharacter(named: name, for: user)
        case .backend(let backend): return keep(try open(backend, subject: user), multiplexer: nil, user: user)
        case .sharedWithMonitor(let backend):
            let backend = try open(backend, subject: user)
            let multiplexer = multiplex(backend)
            _ = keep(backend, multiplexer: multiplexer, user: user)
            return multiplexer.makePort()
        }
    }

    private func keep(
        _ backend: any CharacterBackend, multiplexer: Multiplexer?, user: String
    ) -> any CharacterBackend {
        let stream = CharacterStream(identifier: nil, backend: backend, multiplexer: multiplexer, user: user)
        state.withLock { $0.streams.append(stream) }
        return backend
    }

    private func claimCharacter(named name: String, for user: String) throws(MachineError) -> any CharacterBackend {
        let streams = state.withLock { $0.streams }
        guard let index = streams.firstIndex(where: { $0.identifier == name }) else {
            throw .unknown(
                kind: "chardev", name: name,
                nearest: Spelling.nearest(to: name, among: streams.compactMap(\.identifier)),
                hint: "\(user) needs -chardev …,id=\(name)")
        }
        if let multiplexer = streams[index].multiplexer { return multiplexer.makePort() }
        if let other = streams[index].user {
            throw .part(option: user, reason: "Chardev '\(name)' is already in use by \(other); mux=on shares one.")
        }
        state.withLock { $0.streams[index].user = user }
        return streams[index].backend
    }

    private func multiplex(_ backend: any CharacterBackend) -> Multiplexer {
        Multiplexer(backend, loop: loop, quit: quit)
    }

    private func open(
        _ configuration: CharacterBackendConfiguration, subject: String
    ) throws(MachineError) -> any CharacterBackend {
        try blaming(subject) { () throws(CharacterError) in
            switch configuration {
            case .null: NullBackend()
            case .stdio(let signals): try StdioBackend(loop: loop, signals: signals, log: log)
            case .file(let path, let appends, nil): try FileBackend(path: path, append: appends, loop: loop, log: log)
            case .pty: try PTYBackend(loop: loop)
            case .ringBuffer(let size): try RingBufferBackend(size: size)
            case .socket(let socket): try open(socket)
            case .pipe(let path): throw .cannotOpen(path: path, errno: Errno(rawValue: 95))
            case .file(let path, _, _?): throw .cannotOpen(path: path, errno: Errno(rawValue: 95))
            }
        }
    }

    private func open(_ socket: SocketConfiguration) throws(CharacterError) -> any CharacterBackend {
        let address: SocketAddress
        switch socket.address {
        case .unix(let path): address = .unix(path: path)
        case .tcp(let host, let port): address = .tcp(host: host, port: port)
        case .descriptor(let text):
            guard let number = Int32(text), number > 2 else {
                throw .cannotOpen(path: "fd=\(text)", errno: Errno(rawValue: 9))
            }
            if socket.isServer {
                let listener: SocketListener
                do throws(SocketError) { listener = try SocketListener(adopting: number) } catch { throw .socket(error) }
                return try SocketBackend(listener: listener, loop: loop)
            }
            return try SocketBackend(connected: FileDescriptor(owning: number), name: "fd:\(text)", loop: loop)
        }
        guard socket.isServer else { return try SocketBackend(connectingTo: address, loop: loop) }
        let backend = try SocketBackend(listeningAt: address, loop: loop)
        if socket.waits { try backend.waitForClient(interruption: interruption) }
        return backend
    }

    /// Closes every stream: terminal modes are put back, socket files removed. Idempotent.
    package func closeCharacters() {
        let streams = state.withLock { state in
            defer { state.streams = [] }
            return state.streams
        }
        for stream in streams {
            if let multiplexer = stream.multiplexer { multiplexer.close() } else { stream.backend.close() }
        }
    }
}
