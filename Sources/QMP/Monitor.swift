package import Host
internal import JSON
package import Machine
internal import Glibc
internal import Synchronization

/// QMP: how programs manage the machine (QEMU's protocol, so that its clients drive Apus as they are).
///
/// ```
///   client ══ socket ══ Session ──Command──► Machine
///                          ▲                   │ MachineObserver
///                          └────── events ── Monitor
/// ```
///
/// A `Monitor` belongs to one machine; every connection of every `-qmp` and `-mon` is a `Session` of it. A command is one
/// `Command` value in `Commands/`. Everything happens on the control thread, so a command sees a machine at rest between
/// two events, and an event that a command causes is sent before the command's reply.
package final class Monitor: MachineObserver {
    package let machine: Machine
    package let commands: [Command]
    private let index: [String: Command]
    private let sessions = Mutex<[Session]>([])

    package init(_ machine: Machine) {
        self.machine = machine
        let commands = Commands.all.sorted { $0.name < $1.name }
        self.commands = commands
        index = Dictionary(commands.map { ($0.name, $0) }) { first, _ in first }
        machine.observe(self)
    }

    func command(named name: String) -> Command? { index[name] }

    /// Begins a session whose bytes go out through `output`. The owner tells it of input and of the end.
    ///
    /// - Parameters:
    ///   - hasRoom: asked before each command. After a no the owner calls `proceed` when there is room again.
    ///   - descriptors: the oldest descriptor that came with the client's bytes and that nobody took yet.
    package func makeSession(
        hasRoom: @escaping @Sendable () -> Bool = { true },
        descriptors: @escaping @Sendable () -> FileDescriptor? = { nil },
        output: @escaping @Sendable ([UInt8]) -> Void
    ) -> Session {
        let session = Session(self, hasRoom: hasRoom, descriptors: descriptors, output: output)
        sessions.withLock { $0.append(session) }
        return session
    }

    func ended(_ session: Session) { sessions.withLock { $0.removeAll { $0 === session } } }

    package func machine(did event: MachineEvent) { send(event.name, event.data) }

    /// Sends an event to every client that has finished its negotiation.
    func send(_ name: String, _ data: JSON) {
        var time = timeval()
        _ = unsafe gettimeofday(&time, nil)
        var message: JSONObject = [
            "timestamp": ["seconds": JSON(time.tv_sec), "microseconds": JSON(time.tv_usec)],
            "event": .string(name),
        ]
        if data != [:] { message["data"] = data }
        let bytes = Session.line(.object(message))
        for session in sessions.withLock({ $0 }) { session.send(event: bytes) }
    }
}
