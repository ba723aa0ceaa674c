internal import Configuration

/// The configuration as far as it has been read, and what can only be judged when all of it has been.
struct Draft {
    var configuration = MachineConfiguration()
    let readFile: FileReader
    /// Set by an option that asks for help instead of a machine.
    var help: Invocation?
    /// `-machine`, `-m`, `-smp`, …: repeated ones are merged before they are read.
    var machine = Properties()
    var memory = Properties()
    var topology = Properties()
    /// Those of `-accel`, in order; `-machine accel=` adds its own after them.
    var accelerators: [AcceleratorConfiguration] = []

    init(readFile: @escaping FileReader) { self.readFile = readFile }

    /// Reads what was merged, fills in what follows from several options together, and checks what all of them share.
    func finished() throws(CommandLineError) -> MachineConfiguration {
        var result = configuration
        var machine = machine
        result.machineType = try checked { () throws(ConfigurationError) in
            try machine.takeString("type", subject: "-machine")
        }
        var accelerators = accelerators
        let list = try checked { () throws(ConfigurationError) in
            try machine.takeString("accel", subject: "-machine")
        }
        if let list {
            guard !list.isEmpty else {
                throw .configuration(.missingProperty(subject: "-machine", name: "accel"))
            }
            accelerators += list.split(separator: ":").map { AcceleratorConfiguration(name: String($0)) }
        }
        result.accelerators = try Self.available(accelerators)
        result.machineProperties = machine
        result.memory = try MemoryText.memory(memory, beside: result.memory, backendSize: mainBackendSize)
        result.topology = try MemoryText.topology(topology)
        attachTerminal(&result)
        try checkIdentifiers(result)
        try checkTerminal(result)
        return result
    }

    /// The size of the object that `-machine memory-backend=` names; nil if none is named, or none is there.
    private var mainBackendSize: UInt64? {
        guard case .string(let name)? = machine["memory-backend"] else { return nil }
        return configuration.objects.first { $0.identifier == name }
            .flatMap { MemoryBackendConfiguration.size(of: $0) }
    }

    /// The accelerators Apus has, in order, each once. `tcg` is passed over when there is another choice, since that is
    /// what a list is for.
    private static func available(
        _ wanted: [AcceleratorConfiguration]
    ) throws(CommandLineError) -> [AcceleratorConfiguration] {
        var result: [AcceleratorConfiguration] = []
        var missing: String?
        for var accelerator in wanted {
            // StratoVirt's name for a machine that a test drives.
            if accelerator.name == "test" { accelerator.name = "qtest" }
            switch accelerator.name {
            case "kvm", "qtest":
                if let place = result.firstIndex(where: { $0.name == accelerator.name }) {
                    result[place].properties.merge(accelerator.properties)
                } else {
                    result.append(accelerator)
                }
            case "tcg", "xen", "hvf", "hax", "whpx", "nvmm": missing = missing ?? accelerator.name
            default:
                throw .configuration(
                    .badValue(
                        subject: "-accel", name: "accel", given: accelerator.name, allowed: "kvm or qtest"))
            }
        }
        if result.isEmpty, let missing {
            throw .notTaken(
                option: "-accel", given: missing, rule: "Apus runs guests with kvm, or with qtest for tests")
        }
        return result
    }

    /// `-nographic` alone puts the serial port and the monitor on the terminal, unless either has a place already.
    private func attachTerminal(_ result: inout MachineConfiguration) {
        guard result.process.usesTerminal, !result.process.omitsDefaults, !result.process.daemonizes else { return }
        guard result.serialPorts.isEmpty, !isTerminalTaken(result) else { return }
        result.serialPorts = [.sharedWithMonitor(.stdio(signals: false))]
    }

    private func isTerminalTaken(_ result: MachineConfiguration) -> Bool { !terminalUsers(result).isEmpty }

    /// The options that put something on the terminal.
    private func terminalUsers(_ result: MachineConfiguration) -> [String] {
        var users: [String] = []
        func note(_ reference: CharacterReference?, _ option: String) {
            switch reference {
            case .backend(.stdio)?, .sharedWithMonitor(.stdio)?: users.append(option)
            default: break
            }
        }
        for character in result.characters {
            if case .stdio = character.backend { users.append("-chardev \(character.identifier)") }
        }
        for port in result.serialPorts { note(port, "-serial") }
        for monitor in result.monitors { note(monitor.channel, monitor.mode == .control ? "-qmp" : "-monitor") }
        note(result.debugConsole, "-debugcon")
        return users
    }

    /// There is one terminal, and a daemon has none.
    private func checkTerminal(_ result: MachineConfiguration) throws(CommandLineError) {
        let users = terminalUsers(result)
        if users.count > 1 {
            throw .conflict("\(users[0]) and \(users[1]) both use stdio; only one can (or one -chardev with mux=on).")
        }
        if let user = users.first, result.process.daemonizes {
            throw .conflict("\(user) uses stdio, which a machine started with -daemonize does not have.")
        }
    }

    /// Ids name things in QMP and in other options, so none may name two.
    private func checkIdentifiers(_ result: MachineConfiguration) throws(CommandLineError) {
        try checkDistinct("device", result.devices.compactMap(\.identifier))
        try checkDistinct("object", result.objects.map(\.identifier))
        try checkDistinct("network back end", result.networkBackends.map(\.identifier))
        try checkDistinct("character stream", result.characters.map(\.identifier))
        try checkDistinct("monitor", result.monitors.compactMap(\.identifier))
        // A device's drive= names either, so they share one space.
        try checkDistinct("drive or block node", result.drives.compactMap(\.identifier) + nodeNames(result.blockNodes))
    }

    private func nodeNames(_ nodes: [BlockNodeConfiguration]) -> [String] {
        nodes.flatMap { node -> [String] in
            let inner = node.children.compactMap { child -> BlockNodeConfiguration? in
                if case .node(let node) = child.target { node } else { nil }
            }
            return [node.nodeName].compactMap { $0 } + nodeNames(inner)
        }
    }

    private func checkDistinct(_ kind: String, _ identifiers: [String]) throws(CommandLineError) {
        var seen: Set<String> = []
        for identifier in identifiers where !seen.insert(identifier).inserted {
            throw .configuration(.duplicateIdentifier(kind: kind, identifier: identifier))
        }
    }
}
