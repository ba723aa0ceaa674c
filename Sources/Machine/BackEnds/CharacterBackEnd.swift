package import Character
package import Configuration
internal import Host
internal import Synchronization

/// A character stream that is open, and who has it.
package struct CharacterStream: Sendable {
    /// `-chardev id=`; nil for one that an option like `-serial stdio` made in place.
    package let identifier: String?
    /// What QMP calls it: the id, or a name by its use (`serial0`).
    package let label: String
    package let backend: any CharacterBackend
    /// Set for a stream that several front ends share.
    let multiplexer: Multiplexer?
    /// Whether a human monitor is to join (`mon:stdio`).
    var wantsMonitor = false
    package var user: String?
}

// Character streams.
extension BackEnds {
    /// Every stream, in the order they were made.
    package var streams: [CharacterStream] { state.withLock { $0.streams } }

    /// Opens the `-chardev`s.
    func add(_ characters: [CharacterConfiguration]) throws(MachineError) {
        for character in characters {
            let subject = "-chardev id=\(character.identifier)"
            guard !streams.contains(where: { $0.identifier == character.identifier }) else {
                throw .configuration(.duplicateIdentifier(kind: "chardev", identifier: character.identifier))
            }
            let backend = try logged(try open(character.backend, subject: subject), character.log, subject: subject)
            let multiplexer = character.isShared ? multiplex(backend) : nil
            state.withLock { state in
                state.streams.append(
                    CharacterStream(
                        identifier: character.identifier, label: character.identifier, backend: backend,
                        multiplexer: multiplexer))
            }
        }
    }

    /// The stream that `reference` names or describes, for `user` alone unless it is shared; nil for `none`.
    ///
    /// - Parameter label: what QMP calls a stream that is made here; by default as `user`.
    package func character(
        _ reference: CharacterReference, for user: String, label: String? = nil
    ) throws(MachineError) -> (any CharacterBackend)? {
        switch reference {
        case .none: return nil
        case .chardev(let name): return try claimCharacter(named: name, for: user)
        case .backend(let configuration):
            let backend = try open(configuration, subject: user)
            keep(CharacterStream(identifier: nil, label: label ?? user, backend: backend, multiplexer: nil, user: user))
            return backend
        case .sharedWithMonitor(let configuration):
            let backend = try open(configuration, subject: user)
            let multiplexer = multiplex(backend)
            keep(
                CharacterStream(
                    identifier: nil, label: label ?? user, backend: backend, multiplexer: multiplexer,
                    wantsMonitor: true,
                    user: user))
            return multiplexer.makePort()
        }
    }

    /// A port for a human monitor on each stream that wants one. Once, when everything else has its port.
    package func makeMonitorPorts() -> [any CharacterBackend] {
        streams.filter(\.wantsMonitor).compactMap { $0.multiplexer?.makePort() }
    }

    private func keep(_ stream: CharacterStream) { state.withLock { $0.streams.append(stream) } }

    private func claimCharacter(named name: String, for user: String) throws(MachineError) -> any CharacterBackend {
        let streams = streams
        guard let index = streams.firstIndex(where: { $0.identifier == name }) else {
            throw .unknown(
                kind: "chardev", name: name,
                nearest: Spelling.nearest(to: name, among: streams.compactMap(\.identifier)),
                hint: "\(user) needs -chardev …,id=\(name)")
        }
        if let other = streams[index].user, streams[index].multiplexer == nil {
            throw .part(option: user, reason: "Chardev '\(name)' is already in use by \(other); mux=on shares one.")
        }
        state.withLock { $0.streams[index].user = user }
        return streams[index].multiplexer?.makePort() ?? streams[index].backend
    }

    private func multiplex(_ backend: any CharacterBackend) -> Multiplexer {
        Multiplexer(backend, loop: loop, quit: quit)
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
