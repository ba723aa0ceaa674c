package import Configuration

/// `-chardev`, and the shorter forms that `-serial`, `-qmp` and their like take.
package enum CharacterText {
    /// The back ends, for help and for suggestions.
    static let backends = ["file", "null", "pipe", "pty", "ringbuf", "socket", "stdio"]
    /// QEMU's others, which Apus does not have.
    static let absent = [
        "udp", "vc", "memory", "serial", "parallel", "tty", "braille", "wctablet", "testdev", "hub", "spicevmc",
        "spiceport", "dbus", "qemu-vdagent", "msmouse", "con", "redirect-to-log",
    ]

    private static let mux = Property.boolean("mux", default: false, "several front ends share it")
    private static let logFile = Property.string("logfile", "a copy of what the guest writes")
    private static let logAppend = Property.boolean("logappend", default: false, "keep what the log holds")
    private static let common = PropertySchema(mux, logFile, logAppend)

    /// `-chardev`'s text.
    static func character(_ text: String) throws(CommandLineError) -> CharacterConfiguration {
        var properties = try OptionText.properties(text, option: "-chardev", implied: "backend")
        let name = try checked { () throws(ConfigurationError) in
            try properties.takeRequiredString("backend", subject: "-chardev")
        }
        let subject = "-chardev \(name)"
        guard !absent.contains(name) else { throw .notSupported(subject) }
        return try checked { () throws(ConfigurationError) in
            guard let identifier = try properties.takeIdentifier(subject: subject) else {
                throw .missingProperty(subject: subject, name: "id")
            }
            let schema = try CharacterBackendConfiguration.schema(of: name, subject: "-chardev") + common
            var reader = try PropertyReader(properties, schema, subject: subject)
            let backend = try CharacterBackendConfiguration(named: name, &reader)
            let appends = try reader.value(logAppend)
            let path = try reader.optional(logFile)
            if path == nil, reader.isGiven(logAppend) {
                throw .conflict(subject: subject, rule: "'logappend' needs a 'logfile'")
            }
            let log = path.map { CharacterConfiguration.Log(path: $0, appends: appends) }
            let isShared = try reader.value(mux)
            try reader.finish()
            return CharacterConfiguration(identifier: identifier, backend: backend, isShared: isShared, log: log)
        }
    }

    /// What a port or monitor is put on: `stdio`, `file:PATH`, `unix:PATH,server=on`, `tcp:HOST:PORT`, `chardev:ID`,
    /// `mon:…`, `none`; or a chardev's own grammar without an id (`socket,path=…`), as StratoVirt writes it.
    package static func reference(
        _ text: String, option: String
    ) throws(CommandLineError) -> CharacterReference {
        if text == "none" { return .none }
        if let identifier = text.after("chardev:") {
            guard Properties.isIdentifier(identifier) else {
                throw .configuration(.malformedIdentifier(subject: option, identifier: identifier))
            }
            return .chardev(identifier)
        }
        if let inner = text.after("mon:") {
            guard !inner.hasPrefix("chardev:"), !inner.hasPrefix("mon:"), inner != "none",
                case .backend(let backend) = try reference(inner, option: option, signals: false)
            else {
                throw .notTaken(
                    option: option, given: text, rule: "after 'mon:' stands a stream of its own, as in mon:stdio")
            }
            return .sharedWithMonitor(backend)
        }
        return try reference(text, option: option, signals: nil)
    }

    private static func reference(
        _ text: String, option: String, signals: Bool?
    ) throws(CommandLineError) -> CharacterReference {
        // These two take the rest of the text as a path, commas and all.
        if let path = text.after("file:"), !path.isEmpty {
            return .backend(.file(path: path, appends: false, input: nil))
        }
        if let path = text.after("pipe:"), !path.isEmpty { return .backend(.pipe(path: path)) }
        var properties: Properties
        let name: String
        if let rest = text.after("unix:") {
            name = "socket"
            properties = try OptionText.properties(rest, option: option, implied: "path")
        } else if let rest = text.after("tcp:") {
            name = "socket"
            properties = try address(rest, option)
        } else {
            properties = try OptionText.properties(text, option: option, implied: "backend")
            name = try checked { () throws(ConfigurationError) in
                try properties.takeRequiredString("backend", subject: option)
            }
            let scheme = name.prefix { $0 != ":" }
            guard !absent.contains(String(scheme)) else { throw .notSupported("\(option) \(scheme)") }
            if name == "stdio", signals == false, properties["signal"] == nil { properties["signal"] = "off" }
        }
        return .backend(
            try checked { () throws(ConfigurationError) in
                let schema = try CharacterBackendConfiguration.schema(of: name, subject: option)
                var reader = try PropertyReader(properties, schema, subject: option)
                return try CharacterBackendConfiguration(named: name, &reader)
            })
    }

    /// `HOST:PORT,key=value` after `tcp:`; a host with colons stands in brackets.
    private static func address(_ text: String, _ option: String) throws(CommandLineError) -> Properties {
        var properties = try OptionText.properties(text, option: option, implied: "address")
        guard case .string(let pair)? = properties.remove("address"), let colon = pair.lastIndex(of: ":") else {
            throw .malformed(option: option, reason: "after 'tcp:' stands HOST:PORT")
        }
        var host = pair[..<colon]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        properties["host"] = .string(String(host))
        properties["port"] = .string(String(pair[pair.index(after: colon)...]))
        return properties
    }
}

extension CommandLine {
    /// The text of `-chardev help`.
    package static var characterHelp: String {
        "Character streams:\n" + CharacterText.backends.map { "  \($0)\n" }.joined()
    }
}

extension String {
    /// What follows `prefix`; `nil` when it does not begin with it.
    func after(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
