package import JSON

/// The types of `query-qmp-schema`, and whether values are what they say (QEMU docs/devel/qapi-code-gen, "Client JSON
/// Protocol introspection").
package struct QMPSchema {
    private var types: [String: JSON] = [:]
    private var commands: [String: JSON] = [:]
    private var events: [String: JSON] = [:]
    /// What is wrong with the schema itself.
    package private(set) var faults: [String] = []

    package var commandNames: Set<String> { Set(commands.keys) }
    package var eventNames: Set<String> { Set(events.keys) }

    /// Reads the answer of `query-qmp-schema`.
    package init(_ answer: JSON) {
        for entry in answer.arrayValue ?? [] {
            guard let name = entry["name"]?.stringValue, let kind = entry["meta-type"]?.stringValue else {
                faults.append("An entry has no name or no meta-type.")
                continue
            }
            let isNew: Bool
            switch kind {
            case "command": isNew = commands.updateValue(entry, forKey: name) == nil
            case "event": isNew = events.updateValue(entry, forKey: name) == nil
            default: isNew = types.updateValue(entry, forKey: name) == nil
            }
            if !isNew { faults.append("\(name) is there twice.") }
        }
        for (name, entry) in commands { check([entry["arg-type"], entry["ret-type"]], of: name) }
        for (name, entry) in events { check([entry["arg-type"]], of: name) }
        for (name, entry) in types {
            switch entry["meta-type"]?.stringValue {
            case "array": check([entry["element-type"]], of: name)
            case "object": check((entry["members"]?.arrayValue ?? []).map { $0["type"] }, of: name)
            default: break
            }
        }
    }

    private mutating func check(_ references: [JSON?], of name: String) {
        for reference in references where types[reference?.stringValue ?? ""] == nil {
            faults.append("\(name) refers to \(reference?.stringValue ?? "nothing"), which is not there.")
        }
    }

    // MARK: Values

    /// What is wrong with a command's reply.
    package func faults(ofReply value: JSON, to command: String) -> [String] {
        guard let type = commands[command]?["ret-type"]?.stringValue else {
            return ["\(command) is not in the schema."]
        }
        return faults(of: value, type, command)
    }

    /// What is wrong with an event.
    package func faults(ofEvent message: JSON) -> [String] {
        let name = message["event"]?.stringValue ?? ""
        guard let type = events[name]?["arg-type"]?.stringValue else {
            return ["The event \(name) is not in the schema."]
        }
        return faults(of: message["data"] ?? [:], type, name)
    }

    /// The members of a command's arguments.
    package func arguments(of command: String) -> [(name: String, type: String, isOptional: Bool)] {
        members(commands[command]?["arg-type"]?.stringValue ?? "")
    }

    /// What JSON a built-in type is: `string`, `int`, `value`; the meta-type of any other.
    package func kind(of type: String) -> String {
        types[type]?["json-type"]?.stringValue ?? types[type]?["meta-type"]?.stringValue ?? ""
    }

    private func members(_ type: String) -> [(name: String, type: String, isOptional: Bool)] {
        (types[type]?["members"]?.arrayValue ?? []).map {
            ($0["name"]?.stringValue ?? "", $0["type"]?.stringValue ?? "", $0["default"] != nil)
        }
    }

    private func faults(of value: JSON, _ type: String, _ place: String) -> [String] {
        guard let entry = types[type] else { return ["\(place): there is no type \(type)."] }
        func wrong(_ expected: String) -> [String] { ["\(place) is \(value.kind), not \(expected)."] }
        switch entry["meta-type"]?.stringValue {
        case "builtin":
            switch entry["json-type"]?.stringValue {
            case "string": return value.stringValue == nil ? wrong("a string") : []
            case "int": return value.integerValue == nil && value.unsignedValue == nil ? wrong("an integer") : []
            case "number": return value.realValue == nil ? wrong("a number") : []
            case "boolean": return value.boolValue == nil ? wrong("a boolean") : []
            case "null": return value.isNull ? [] : wrong("null")
            case "value": return []
            default: return ["\(type) is of no known JSON type."]
            }
        case "array":
            guard let elements = value.arrayValue else { return wrong("an array") }
            let element = entry["element-type"]?.stringValue ?? ""
            return elements.enumerated().flatMap { faults(of: $1, element, "\(place)[\($0)]") }
        case "enum":
            guard let word = value.stringValue else { return wrong("a word") }
            let words = (entry["values"]?.arrayValue ?? []).compactMap(\.stringValue)
            return words.contains(word) ? [] : ["\(place) is '\(word)', which is not one of \(words)."]
        case "object":
            guard let object = value.objectValue else { return wrong("an object") }
            let members = members(type)
            var faults = members.filter { !$0.isOptional && object[$0.name] == nil }.map {
                "\(place) lacks \($0.name)."
            }
            for member in object.members {
                if let declared = members.first(where: { $0.name == member.name }) {
                    faults += self.faults(of: member.value, declared.type, "\(place).\(member.name)")
                } else {
                    faults.append("\(place) has \(member.name), which the schema does not know.")
                }
            }
            return faults
        default: return ["\(type) is of no known meta-type."]
        }
    }
}
