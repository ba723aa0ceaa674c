internal import Configuration

extension Option {
    static var machine: [Option] {
        [
            Option(
                "machine", or: ["M"], argument: .required("[type=]TYPE[,key=value...]"), "the machine (help lists them)"
            ) { draft, text throws(CommandLineError) in
                if isHelp(text) { return draft.help = .machineHelp }
                var properties = try OptionText.properties(text, option: "-machine", implied: "type")
                if takeHelp(&properties) {
                    guard case .string(let type)? = properties["type"] else {
                        return draft.help = .machinePropertiesHelp(type: nil)
                    }
                    return draft.help = .machinePropertiesHelp(type: type)
                }
                draft.machine.merge(properties)
            },
            Option("accel", argument: .required("[accel=]NAME[,key=value...]"), "the accelerator, first that works") {
                draft, text throws(CommandLineError) in
                if isHelp(text) { return draft.help = .acceleratorHelp }
                var properties = try OptionText.properties(text, option: "-accel", implied: "accel")
                let name = try checked { () throws(ConfigurationError) in
                    try properties.takeRequiredString("accel", subject: "-accel")
                }
                draft.accelerators.append(AcceleratorConfiguration(name: name, properties: properties))
            },
            Option("enable-kvm", "same as -accel kvm") { draft, _ in
                draft.accelerators.append(AcceleratorConfiguration(name: "kvm"))
            },
            Option("cpu", argument: .required("MODEL[,feature=on|off...]"), "the processor's model (help lists them)") {
                draft, text throws(CommandLineError) in
                if isHelp(text) { return draft.help = .cpuHelp }
                draft.configuration.processor = try processor(text)
            },
            Option(
                "smp",
                argument: .required("[cpus=]N[,maxcpus=N][,sockets=N][,dies=N][,cores=N][,threads=N]"),
                "the number of processors and their arrangement"
            ) { draft, text throws(CommandLineError) in
                draft.topology.merge(try OptionText.properties(text, option: "-smp", implied: "cpus"))
            },
            Option(
                "m", argument: .required("[size=]MEGABYTES[,slots=N,maxmem=SIZE]"), "the guest's memory (default: 256)"
            ) { draft, text throws(CommandLineError) in
                draft.memory.merge(try OptionText.properties(text, option: "-m", implied: "size"))
            },
            Option("mem-path", argument: .required("PATH"), "the file (or its directory) that the memory is made of") {
                draft, text throws(CommandLineError) in
                guard !text.isEmpty else { throw .malformed(option: "-mem-path", reason: "the path is empty") }
                draft.configuration.memory.path = text
            },
            Option("mem-prealloc", "touch all memory before the guest starts") { draft, _ in
                draft.configuration.memory.isPreallocated = true
            },
            Option(
                "numa",
                argument: .required("node[,nodeid=N][,cpus=N-N][,memdev=ID|mem=SIZE]|dist,src=N,dst=N,val=N|cpu,..."),
                "a NUMA node, a distance, or the node of processors"
            ) { draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(
                    text, option: "-numa", implied: NUMAConfiguration.kindKey, gathered: NUMAConfiguration.gatheredKeys)
                try checked { () throws(ConfigurationError) in try draft.configuration.memory.numa.add(properties) }
            },
            Option(
                "name", argument: .required("[guest=]NAME[,process=NAME][,debug-threads=on|off]"), "the guest's name"
            ) { draft, text throws(CommandLineError) in
                try name(text, &draft.configuration)
            },
            Option("uuid", argument: .required("UUID"), "the machine's UUID") { draft, text throws(CommandLineError) in
                guard let uuid = UUIDConfiguration(text) else {
                    throw .notTaken(
                        option: "-uuid", given: text,
                        rule: "a UUID is 32 hexadecimal digits, parted by '-' into 8-4-4-4-12")
                }
                draft.configuration.uuid = uuid
            },
            Option("no-hpet", "same as -machine hpet=off") { draft, _ in draft.machine["hpet"] = "off" },
            Option("no-acpi", "same as -machine acpi=off") { draft, _ in draft.machine["acpi"] = "off" },
        ]
    }

    /// `help` and `?` alone, as every option with a list behind it takes them.
    static func isHelp(_ text: String) -> Bool { text == "help" || text == "?" }

    /// Removes a bare `help` or `?` beside other properties; whether there was one.
    static func takeHelp(_ properties: inout Properties) -> Bool {
        let word = properties.remove("help")
        let mark = properties.remove("?")
        return word != nil || mark != nil
    }

    private static func processor(_ text: String) throws(CommandLineError) -> ProcessorConfiguration {
        var parts = text.split(separator: ",", omittingEmptySubsequences: true)
        guard text.first != ",", !parts.isEmpty, !parts[0].contains("=") else {
            throw .malformed(option: "-cpu", reason: "it begins with no model; 'host' is the usual one")
        }
        var result = ProcessorConfiguration(model: String(parts.removeFirst()))
        for part in parts {
            switch part.first {
            case "+": result.features[String(part.dropFirst())] = "on"
            case "-": result.features[String(part.dropFirst())] = "off"
            default:
                let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let name = sides.first, !name.isEmpty else {
                    throw .malformed(option: "-cpu", reason: "a value has no feature before its '='")
                }
                result.features[String(name)] = .string(sides.count > 1 ? String(sides[1]) : "on")
            }
        }
        if result.features[""] != nil { throw .malformed(option: "-cpu", reason: "a sign has no feature after it") }
        return result
    }

    private static let guestName = Property.string("guest", "the guest's name")
    private static let processName = Property.string("process", "the name the process shows")
    private static let debugThreads = Property.boolean("debug-threads", default: false, "give threads names")

    static let nameSchema = PropertySchema(guestName, processName, debugThreads)

    private static func name(
        _ text: String, _ configuration: inout MachineConfiguration
    ) throws(CommandLineError) {
        let properties = try OptionText.properties(text, option: "-name", implied: "guest")
        try checked { () throws(ConfigurationError) in
            var reader = try PropertyReader(properties, nameSchema, subject: "-name")
            configuration.name = try reader.optional(guestName) ?? configuration.name
            configuration.processName = try reader.optional(processName) ?? configuration.processName
            configuration.namesThreads = try reader.value(debugThreads)
        }
    }
}
