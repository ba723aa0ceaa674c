internal import Machine

/// The human monitor: QEMU's commands for people, on a terminal (`-monitor`, `mon:stdio`) or one by one through QMP's
/// `human-monitor-command`.
///
/// ```
///   keys ─► HumanPort ─► LineDiscipline ─line─┐
///                                             ├─► HumanMonitor ─► HumanCommand ─► text
///   QMP  ─► human-monitor-command ────────────┘
/// ```
///
/// It shows what is there and drives the machine's life; whatever programs rely on is QMP's.
enum HumanMonitor {
    /// What `help` lists.
    static let commands: [HumanCommand] = [help, info] + HumanCommand.life + HumanCommand.memory

    /// Carries out one line; its text, with `\n` line ends. Control thread.
    static func execute(_ line: String, _ context: HumanContext) -> String {
        var arguments = HumanArguments(line)
        guard !arguments.name.isEmpty else { return "" }
        do {
            guard let command = commands.first(where: { $0.isNamed(arguments.name) }) else {
                throw QMPError("There is no command '\(arguments.name)'; help lists them.")
            }
            let text = try command.run(context, &arguments)
            try arguments.finish()
            return text
        } catch let error as QMPError {
            return "Error: \(error.text)\n"
        } catch {
            return "Error: \(error)\n"
        }
    }

    private static let help: HumanCommand = HumanCommand(
        "help", or: "?", taking: "[COMMAND]", "show the commands, or one of them"
    ) {
        _, arguments in
        guard let name = arguments.next() else { return commands.map(\.help).joined() }
        if name == "info" { return information }
        guard let command = commands.first(where: { $0.isNamed(name) }) else {
            throw QMPError("There is no command '\(name)'; help lists them.")
        }
        return command.help
    }

    private static let info: HumanCommand = HumanCommand("info", taking: "[SUBJECT]", "show something of the machine") {
        context, arguments in
        guard let name = arguments.next() else { return information }
        guard let subject = HumanCommand.subjects.first(where: { $0.isNamed(name) }) else {
            throw QMPError("There is no subject '\(name)'; info alone lists them.")
        }
        return try subject.run(context, &arguments)
    }

    private static var information: String { HumanCommand.subjects.map { "info \($0.help)" }.joined() }
}
