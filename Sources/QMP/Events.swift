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

extension EventDeclaration {
    /// Every event there is, by name.
    static let all: [EventDeclaration] = [
        Powerdown.declaration, Reset.declaration, Resume.declaration, Shutdown.declaration, Stop.declaration,
    ]
}

extension MachineEvent {
    private var event: any EventData {
        switch self {
        case .stop: Stop()
        case .resume: Resume()
        case .powerdown: Powerdown()
        case .reset(let byGuest, let reason): Reset(guest: byGuest, reason: reason)
        case .shutdown(let byGuest, let reason): Shutdown(guest: byGuest, reason: reason)
        }
    }

    var name: String { type(of: event).eventName }
    var data: JSON { event.json }
}
