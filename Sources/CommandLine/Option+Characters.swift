internal import Configuration

extension Option {
    static var characters: [Option] {
        [
            Option(
                "chardev", argument: .required("BACKEND,id=ID[,key=value...]"), "a character stream (help lists them)"
            ) { draft, text throws(CommandLineError) in
                if isHelp(text) { return draft.help = .characterHelp }
                draft.configuration.characters.append(try CharacterText.character(text))
            },
            Option("serial", argument: .required("STREAM"), "a serial port on a stream, or none") {
                draft, text throws(CommandLineError) in
                draft.configuration.serialPorts.append(try CharacterText.reference(text, option: "-serial"))
            },
            Option("debugcon", argument: .required("STREAM"), "the debug console (port 0xe9) on a stream") {
                draft, text throws(CommandLineError) in
                let reference = try CharacterText.reference(text, option: "-debugcon")
                if case .sharedWithMonitor = reference {
                    throw .notTaken(
                        option: "-debugcon", given: text, rule: "only a serial port shares a monitor's stream")
                }
                draft.configuration.debugConsole = reference
            },
            Option("qmp", argument: .required("STREAM"), "a QMP monitor on a stream") {
                draft, text throws(CommandLineError) in
                try addMonitor(&draft, text, "-qmp", .control)
            },
            Option("qmp-pretty", argument: .required("STREAM"), "a QMP monitor that indents its JSON") {
                draft, text throws(CommandLineError) in
                try addMonitor(&draft, text, "-qmp-pretty", .control, isPretty: true)
            },
            Option("monitor", argument: .required("STREAM"), "a human monitor on a stream, or none") {
                draft, text throws(CommandLineError) in
                try addMonitor(&draft, text, "-monitor", .readline)
            },
            Option("mon", argument: .required("[chardev=]ID[,mode=control|readline][,pretty=on|off]"), "a monitor") {
                draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-mon", implied: "chardev")
                draft.configuration.monitors.append(
                    try checked { () throws(ConfigurationError) in try monitor(properties) })
            },
            Option("nographic", "the terminal becomes the serial port and the monitor; Ctrl-A x ends the machine") {
                draft, _ in
                draft.configuration.process.usesTerminal = true
            },
        ]
    }

    private static func addMonitor(
        _ draft: inout Draft, _ text: String, _ option: String, _ mode: MonitorConfiguration.Mode,
        isPretty: Bool = false
    ) throws(CommandLineError) {
        let channel = try CharacterText.reference(text, option: option)
        switch channel {
        case .none: return
        case .sharedWithMonitor:
            throw .notTaken(option: option, given: text, rule: "only a serial port shares a monitor's stream")
        case .chardev, .backend:
            draft.configuration.monitors.append(
                MonitorConfiguration(channel: channel, mode: mode, isPretty: isPretty))
        }
    }

    private static let character = Property.string("chardev", "the stream")
    private static let mode = Property.choice(
        "mode", of: MonitorConfiguration.Mode.self, default: .readline, "QMP or for humans")
    private static let pretty = Property.boolean("pretty", default: false, "indent the JSON")

    static let monitorSchema = PropertySchema(character, mode, pretty)

    private static func monitor(_ properties: Properties) throws(ConfigurationError) -> MonitorConfiguration {
        var rest = properties
        let identifier = try rest.takeIdentifier(subject: "-mon")
        var reader = try PropertyReader(rest, monitorSchema, subject: "-mon")
        let mode = try reader.value(mode)
        let isPretty = try reader.value(pretty)
        if isPretty, mode == .readline {
            throw .conflict(subject: "-mon", rule: "'pretty' is for mode=control")
        }
        return MonitorConfiguration(
            identifier: identifier, channel: .chardev(try reader.value(character)), mode: mode, isPretty: isPretty)
    }
}
