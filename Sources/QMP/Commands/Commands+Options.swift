internal import CommandLine
internal import Configuration
internal import JSON
internal import Machine

// The command line, for clients that ask what an option takes.
extension Commands {
    private enum Arguments {
        static let option = Property<String>.string("option", "only this one")
        static let schema = PropertySchema(option)
    }

    static let options: [Command] = [
        Command("query-command-line-options", Arguments.schema, returns: [OptionInformation].self) { _, reader in
            let name = try reader.optional(Arguments.option)
            try reader.finish()
            let all = OptionGroup.all.map(OptionInformation.init)
            guard let name else { return all }
            guard let option = all.first(where: { $0.name == name }) else {
                throw QMPError("Invalid option name: '\(name)'")
            }
            return [option]
        }
    ]
}

struct OptionInformation: ReplyObject {
    static let typeName = "CommandLineOptionInfo"

    enum Kind: String, ReplyEnumeration {
        static let typeName = "CommandLineParameterType"
        case string, boolean, number, size
    }

    struct Parameter: ReplyObject {
        static let typeName = "CommandLineParameterInfo"
        let name: String
        let type: Kind
        let help: String?
        let fallback: String?

        init(_ declaration: PropertyDeclaration) {
            name = declaration.name
            switch declaration.kind {
            case .boolean: type = .boolean
            case .integer: type = .number
            case .size: type = .size
            case .string, .list, .object, .choice: type = .string
            }
            help = declaration.summary
            fallback = declaration.defaultText
        }

        static let members: [ReplyMember<Parameter>] = [
            .init("name", \.name), .init("type", \.type), .init("help", \.help), .init("default", \.fallback),
        ]
    }

    let name: String
    let parameters: [Parameter]

    init(_ group: OptionGroup) {
        name = group.name
        var declarations = group.schema?.declarations ?? []
        if group.name == "machine" {
            // Every board's, each once.
            for declaration in MachineBuilder.types.flatMap(\.schema.declarations)
            where !declarations.contains(where: { $0.name == declaration.name }) { declarations.append(declaration) }
        }
        parameters = declarations.map(Parameter.init)
    }

    static let members: [ReplyMember<OptionInformation>] = [.init("option", \.name), .init("parameters", \.parameters)]
}
