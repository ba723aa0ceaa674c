internal import JSON
internal import CommandLine
internal import Configuration
internal import Host
internal import Synchronization

/// One client's conversation.
///
/// ```
///   opened ─► greeting ─► qmp_capabilities ─► commands … ─► closed
///                        (nothing else)       (and events)
/// ```
///
/// Commands are carried out one at a time in the order they arrive; they may be pipelined, split anywhere and need no
/// newline. Every line sent ends in `\r\n`: some clients wait for just that. Input that is no command gets an error and
/// the conversation goes on.
///
/// Control thread only.
package final class Session: Sendable {
    private struct State {
        var stream = JSONStream()
        var isNegotiated = false
        var isClosed = false
        /// Whether commands may wait, as there was no room for their replies.
        var isHeld = false
    }

    private let monitor: Monitor
    private let output: @Sendable ([UInt8]) -> Void
    private let hasRoom: @Sendable () -> Bool
    private let descriptors: @Sendable () -> FileDescriptor?
    private let state = Mutex(State())

    init(
        _ monitor: Monitor, hasRoom: @escaping @Sendable () -> Bool,
        descriptors: @escaping @Sendable () -> FileDescriptor?, output: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.monitor = monitor
        self.hasRoom = hasRoom
        self.descriptors = descriptors
        self.output = output
    }

    /// The client is there: greets it.
    package func opened() {
        output(Session.line(["QMP": ["version": Version().json, "capabilities": []]]))
    }

    /// The client is gone; the session is of no further use.
    package func closed() {
        state.withLock { $0.isClosed = true }
        monitor.ended(self)
    }

    /// Takes bytes of the client, in pieces of any size.
    package func received(_ bytes: [UInt8]) {
        state.withLock { $0.stream.feed(bytes) }
        proceed()
    }

    /// Whether commands that are here already wait for room for their replies.
    package var isHeld: Bool { state.withLock { $0.isHeld } }

    /// Carries out the commands that are here, as long as there is room for their replies.
    package func proceed() {
        while true {
            let mayGoOn = hasRoom()
            let element: Result<JSON, JSONError>? = state.withLock { state in
                state.isHeld = !mayGoOn
                return mayGoOn && !state.isClosed ? state.stream.next() : nil
            }
            switch element {
            case nil: return
            case .failure(let error): send(reply: failure(QMPError(.genericError, error.description), identifier: nil))
            case .success(let message): send(reply: answer(message))
            }
        }
    }

    /// The oldest descriptor that came with the client's bytes; the caller owns it.
    func takeDescriptor() -> FileDescriptor? { descriptors() }

    /// Leaves negotiation; answers whether it was still going on.
    func negotiate() -> Bool {
        state.withLock { state in
            defer { state.isNegotiated = true }
            return !state.isNegotiated
        }
    }

    func send(event bytes: [UInt8]) {
        let isListening = state.withLock { $0.isNegotiated && !$0.isClosed }
        if isListening { output(bytes) }
    }

    static func line(_ message: JSON) -> [UInt8] { message.bytes() + [0x0d, 0x0a] }

    private func send(reply: JSON) { output(Session.line(reply)) }

    private func failure(_ error: QMPError, identifier: JSON?) -> JSON {
        var reply: JSONObject = ["error": error.json]
        reply["id"] = identifier
        return .object(reply)
    }

    private func answer(_ message: JSON) -> JSON {
        let identifier = message["id"]
        do throws(QMPError) {
            let (command, arguments) = try command(in: message)
            let context = CommandContext(machine: monitor.machine, monitor: monitor, session: self)
            var reply: JSONObject = ["return": try command.run(context, arguments: arguments)]
            reply["id"] = identifier
            return .object(reply)
        } catch {
            return failure(error, identifier: identifier)
        }
    }

    /// What a message asks for, if it is a command and may come now.
    private func command(in message: JSON) throws(QMPError) -> (Command, Properties) {
        guard let object = message.objectValue else {
            throw QMPError(.genericError, "QMP input must be a JSON object")
        }
        guard let execute = object["execute"] else {
            throw QMPError(.genericError, "QMP input lacks member 'execute'")
        }
        guard let name = execute.stringValue else {
            throw QMPError(.genericError, "QMP input member 'execute' must be a string")
        }
        for member in object.members where !["execute", "arguments", "id"].contains(member.name) {
            throw QMPError(.genericError, "QMP input member '\(member.name)' is unexpected")
        }
        let arguments = object["arguments"] ?? [:]
        guard arguments.objectValue != nil, case .object(let properties) = Value(arguments) else {
            throw QMPError(.genericError, "QMP input member 'arguments' must be an object")
        }
        let isNegotiated = state.withLock { $0.isNegotiated }
        guard let command = monitor.command(named: name) else {
            if !isNegotiated { throw notNegotiated(name) }
            throw QMPError(.commandNotFound, "The command \(name) has not been found")
        }
        if !isNegotiated, !command.isNegotiation { throw notNegotiated(name) }
        return (command, properties)
    }

    private func notNegotiated(_ name: String) -> QMPError {
        QMPError(.commandNotFound, "Expecting capabilities negotiation with 'qmp_capabilities', not \(name)")
    }
}
