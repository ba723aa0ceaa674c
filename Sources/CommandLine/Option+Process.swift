internal import Configuration

extension Option {
    static var process: [Option] {
        [
            Option("S", or: ["freeze"], "build the machine, but let it run only on 'cont'") { draft, _ in
                draft.configuration.lifecycle.startsPaused = true
            },
            Option("no-reboot", "end instead of rebooting") { draft, _ in
                draft.configuration.lifecycle.reboot = .shutdown
            },
            Option("no-shutdown", "pause instead of ending when the guest powers off") { draft, _ in
                draft.configuration.lifecycle.shutdown = .pause
            },
            Option(
                "action", argument: .required("[reboot=...][,shutdown=...][,panic=...][,watchdog=...]"),
                "what the guest's own ends lead to"
            ) { draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-action")
                try checked { () throws(ConfigurationError) in
                    try ProcessText.actions(properties, &draft.configuration.lifecycle)
                }
            },
            Option("watchdog-action", argument: .required("ACTION"), "same as -action watchdog=ACTION") {
                draft, text throws(CommandLineError) in
                try checked { () throws(ConfigurationError) in
                    try ProcessText.actions(["watchdog": .string(text)], &draft.configuration.lifecycle)
                }
            },
            Option("daemonize", "go into the background once the machine is ready") { draft, _ in
                draft.configuration.process.daemonizes = true
            },
            Option("pidfile", argument: .required("FILE"), "write the process's id there") {
                draft, text throws(CommandLineError) in
                draft.configuration.process.pidFile = try path(text, "-pidfile")
            },
            Option("D", argument: .optional("FILE"), "log to a file instead of standard error") { draft, text in
                draft.configuration.process.log.file = text.isEmpty ? nil : text
            },
            Option("d", argument: .required("ITEM,..."), "log more (help lists the items)") {
                draft, text throws(CommandLineError) in
                if isHelp(text) { return draft.help = .logHelp }
                draft.configuration.process.log.items.formUnion(try ProcessText.logItems(text))
            },
            Option("msg", argument: .required("timestamp=on|off"), "begin messages with the time") {
                draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-msg", implied: "timestamp")
                try checked { () throws(ConfigurationError) in
                    try ProcessText.messages(properties, &draft.configuration.process.log)
                }
            },
            Option("sandbox", argument: .required("on|off[,key=allow|deny...]"), "confine the process") {
                draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-sandbox", implied: "enable")
                draft.configuration.process.sandbox = try checked { () throws(ConfigurationError) in
                    try ProcessText.sandbox(properties)
                }
            },
            Option("disable-seccomp", "same as -sandbox off") { draft, _ in
                draft.configuration.process.sandbox = SandboxConfiguration(isEnabled: false)
            },
            Option("readconfig", argument: .required("FILE"), "read options from a file, a section each") {
                draft, text throws(CommandLineError) in
                try ConfigurationFile(path: try path(text, "-readconfig"), draft.readFile).apply(to: &draft)
            },
            Option("add-fd", argument: .required("fd=FD,set=N[,opaque=TEXT]"), "make an open descriptor /dev/fdset/N") {
                draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-add-fd")
                draft.configuration.process.descriptors.append(
                    try checked { () throws(ConfigurationError) in try ProcessText.descriptor(properties) })
            },
            Option(
                "overcommit", argument: .required("[mem-lock=on|off][,cpu-pm=on|off]"), "lock memory, pass idle states"
            ) { draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-overcommit")
                try checked { () throws(ConfigurationError) in
                    try ProcessText.overcommit(properties, &draft.configuration.process)
                }
            },
            Option("realtime", argument: .required("mlock=off"), nil) { _, text throws(CommandLineError) in
                guard IgnoredForm.contains("realtime", text) else { throw .notSupported("-realtime \(text)") }
            },
            Option("qtest", argument: .required("STREAM"), "where a test drives the machine (-accel qtest)") {
                draft, text throws(CommandLineError) in
                var test = draft.configuration.test ?? TestConfiguration()
                test.channel = try CharacterText.reference(text, option: "-qtest")
                switch test.channel {
                case .sharedWithMonitor?, CharacterReference.none?:
                    throw .notTaken(option: "-qtest", given: text, rule: "a test needs a stream of its own")
                default: break
                }
                draft.configuration.test = test
            },
            Option("qtest-log", argument: .required("FILE"), "log what the test says") {
                draft, text throws(CommandLineError) in
                var test = draft.configuration.test ?? TestConfiguration()
                test.log = try path(text, "-qtest-log")
                draft.configuration.test = test
            },
        ]
    }
}
