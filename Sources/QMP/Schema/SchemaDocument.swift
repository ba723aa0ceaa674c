internal import JSON

/// Writes the answer of `query-qmp-schema`: every command and event, and every type they reach, once each.
struct SchemaDocument {
    private var entries: [JSON] = []
    private var known: Set<String> = []

    init(commands: [Command], events: [EventDeclaration]) {
        for command in commands {
            let arguments = reference(command.arguments)
            let result = reference(command.result)
            entries.append([
                "name": .string(command.name), "meta-type": "command", "arg-type": .string(arguments),
                "ret-type": .string(result),
            ])
        }
        for event in events {
            entries.append([
                "name": .string(event.name), "meta-type": "event", "arg-type": .string(reference(event.data)),
            ])
        }
    }

    var json: JSON { .array(entries) }

    /// The type's name, after making sure that its description is in the document.
    private mutating func reference(_ type: SchemaType) -> String {
        let name = type.name
        guard known.insert(name).inserted else { return name }
        switch type {
        case .string, .integer, .number, .boolean, .null:
            let word = type == .integer ? "int" : type == .boolean ? "boolean" : type == .string ? "string" : name
            entries.append(["name": .string(name), "meta-type": "builtin", "json-type": .string(word)])
        case .any:
            entries.append(["name": .string(name), "meta-type": "builtin", "json-type": "value"])
        case .array(let element):
            entries.append(["name": .string(name), "meta-type": "array", "element-type": .string(reference(element))])
        case .enumeration(_, let words):
            entries.append([
                "name": .string(name), "meta-type": "enum", "values": .array(words.map { .string($0) }),
                "members": .array(words.map { ["name": .string($0)] }),
            ])
        case .object(_, let members):
            var described: [JSON] = []
            for member in members {
                var entry: JSONObject = ["name": .string(member.name), "type": .string(reference(member.type))]
                // QEMU's form: a member with a default (null: none worth saying) may be left out.
                if member.isOptional { entry["default"] = .null }
                described.append(.object(entry))
            }
            entries.append(["name": .string(name), "meta-type": "object", "members": .array(described)])
        }
        return name
    }
}
