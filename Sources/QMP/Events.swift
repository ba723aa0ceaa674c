internal import Block
internal import Host
internal import JSON
internal import Machine

/// An event as introspection lists it.
struct EventDeclaration: Sendable {
    let name: String
    let data: SchemaType
}

/// What an event tells beside its name.
private protocol EventData: ReplyObject { static var eventName: String { get } }

extension EventData {
    static var typeName: String { "\(eventName)-data" }
    static var declaration: EventDeclaration {
        EventDeclaration(name: eventName, data: members.isEmpty ? .empty : schema)
    }
}

private struct Stop: EventData {
    static let eventName = "STOP"
    static let members: [ReplyMember<Stop>] = []
}

private struct Resume: EventData {
    static let eventName = "RESUME"
    static let members: [ReplyMember<Resume>] = []
}

private struct Powerdown: EventData {
    static let eventName = "POWERDOWN"
    static let members: [ReplyMember<Powerdown>] = []
}

private struct Shutdown: EventData {
    static let eventName = "SHUTDOWN"
    let guest: Bool
    let reason: String
    static let members: [ReplyMember<Shutdown>] = [.init("guest", \.guest), .init("reason", \.reason)]
}

private struct Reset: EventData {
    static let eventName = "RESET"
    let guest: Bool
    let reason: String
    static let members: [ReplyMember<Reset>] = [.init("guest", \.guest), .init("reason", \.reason)]
}

/// A disk's request that the host failed, and what was done about it.
private struct BlockIOError: EventData {
    static let eventName = "BLOCK_IO_ERROR"

    enum Operation: String, ReplyEnumeration {
        static let typeName = "IoOperationType"
        case read, write
    }

    enum Action: String, ReplyEnumeration {
        static let typeName = "BlockErrorAction"
        case ignore, report, stop
    }

    let device: String
    let node: String?
    let operation: Operation
    let action: Action
    let hasNoSpace: Bool
    let reason: String

    init(_ failed: DiskFailure) {
        device = failed.device
        node = failed.node
        operation = failed.failure.isWrite ? .write : .read
        action =
            switch failed.failure.action {
            case .ignore: .ignore
            case .report: .report
            case .stop: .stop
            }
        hasNoSpace = failed.failure.error == .noSpace
        reason = "\(failed.failure.error)"
    }

    static let members: [ReplyMember<BlockIOError>] = [
        .init("device", \.device), .init("node-name", \.node), .init("operation", \.operation),
        .init("action", \.action), .init("nospace", \.hasNoSpace), .init("reason", \.reason),
    ]
}

extension EventDeclaration {
    /// Every event there is, by name.
    static let all: [EventDeclaration] = [
        BlockIOError.declaration,
        Powerdown.declaration, Reset.declaration, Resume.declaration, Shutdown.declaration, Stop.declaration,
    ]
}

extension MachineEvent {
    private var event: any EventData {
        switch self {
        case .stop: Stop()
        case .resume: Resume()
        case .powerdown: Powerdown()
        case .diskFailed(let failed): BlockIOError(failed)
        case .reset(let byGuest, let reason): Reset(guest: byGuest, reason: reason)
        case .shutdown(let byGuest, let reason): Shutdown(guest: byGuest, reason: reason)
        }
    }

    var name: String { type(of: event).eventName }
    var data: JSON { event.json }
}
