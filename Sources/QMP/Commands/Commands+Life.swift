internal import Host
internal import Machine

// Running, resting, resetting and ending.
extension Commands {
    static let life: [Command] = [
        Command("query-status", returns: StatusInformation.self) { context in
            let state = context.machine.runState
            return StatusInformation(running: state == .running, status: state)
        },
        Command("stop") { $0.machine.stop() },
        Command("cont") { try $0.machine.resume() },
        Command("system_reset") { $0.machine.reset() },
        Command("system_powerdown") { $0.machine.pressPowerButton() },
        // The end is posted, so that the reply goes out first, as clients expect.
        Command("quit") { context in
            let machine = context.machine
            machine.loop.post { machine.quit(reason: "host-qmp-quit") }
        },
    ]
}

extension RunState: ReplyEnumeration {
    package static var typeName: String { "RunState" }
}

struct StatusInformation: ReplyObject {
    static let typeName = "StatusInfo"
    let running: Bool
    let singlestep = false
    let status: RunState
    static let members: [ReplyMember<StatusInformation>] = [
        .init("running", \.running), .init("singlestep", \.singlestep), .init("status", \.status),
    ]
}
