internal import Configuration
internal import JSON

extension Value {
    /// A command's argument as option readers take it.
    init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .unsigned(let value): self = .unsigned(value)
        case .real(let value): self = .real(value)
        case .string(let value): self = .string(value)
        case .array(let values): self = .list(values.map(Value.init))
        case .object(let object):
            var properties = Properties()
            for member in object.members { properties[member.name] = Value(member.value) }
            self = .object(properties)
        }
    }
}
