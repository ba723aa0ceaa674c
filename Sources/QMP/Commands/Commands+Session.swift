internal import Configuration
internal import JSON

// The conversation itself.
extension Commands {
    private enum Arguments {
        static let enable = Property<Value>.any("enable", "capabilities to turn on; there are none")
        static let capabilities = PropertySchema(enable)
    }

    static let session: [Command] = [
        Command("qmp_capabilities", Arguments.capabilities, returns: Nothing.self, isNegotiation: true) {
            context, reader in
            if case .list(let wanted)? = try reader.optional(Arguments.enable), !wanted.isEmpty {
                throw QMPError(.genericError, "Parameter 'enable' expects no capability: none is offered")
            }
            try reader.finish()
            guard context.session.negotiate() else {
                throw QMPError(
                    .commandNotFound, "Capabilities negotiation is already complete, command ignored")
            }
            return Nothing()
        },
        Command("query-version", returns: Version.self) { _ in Version() },
        Command("query-commands", returns: [CommandInformation].self) { context in
            context.monitor.commands.map { CommandInformation(name: $0.name) }
        },
        Command("query-events", returns: [CommandInformation].self) { _ in
            EventDeclaration.all.map { CommandInformation(name: $0.name) }
        },
        Command("query-qmp-schema", returns: [JSON].self) { context in
            SchemaDocument(commands: context.monitor.commands, events: EventDeclaration.all).json.arrayValue ?? []
        },
    ]
}

/// `query-version`, and the greeting: the QEMU version whose clients feel at home, and who this really is.
struct Version: ReplyObject {
    static let typeName = "VersionInfo"

    struct Triple: ReplyObject {
        static let typeName = "VersionTriple"
        let major = 7
        let minor = 2
        let micro = 0
        static let members: [ReplyMember<Triple>] = [
            .init("major", \.major), .init("minor", \.minor), .init("micro", \.micro),
        ]
    }

    let qemu = Triple()
    let package = "apus-\(apusVersion)"
    static let members: [ReplyMember<Version>] = [.init("qemu", \.qemu), .init("package", \.package)]
}

struct CommandInformation: ReplyObject {
    static let typeName = "CommandInfo"
    let name: String
    static let members: [ReplyMember<CommandInformation>] = [.init("name", \.name)]
}
