package import JSON

/// Something a command can answer with or an event can carry: it knows its schema and its JSON.
package protocol ReplyValue: Sendable {
    static var schema: SchemaType { get }
    var json: JSON { get }
}

extension String: ReplyValue {
    package static var schema: SchemaType { .string }
    package var json: JSON { .string(self) }
}

extension Bool: ReplyValue {
    package static var schema: SchemaType { .boolean }
    package var json: JSON { .bool(self) }
}

extension Int: ReplyValue {
    package static var schema: SchemaType { .integer }
    package var json: JSON { JSON(self) }
}

extension UInt64: ReplyValue {
    package static var schema: SchemaType { .integer }
    package var json: JSON { JSON(self) }
}

extension Array: ReplyValue where Element: ReplyValue {
    package static var schema: SchemaType { .array(Element.schema) }
    package var json: JSON { .array(map(\.json)) }
}

extension JSON: ReplyValue {
    package static var schema: SchemaType { .any }
    package var json: JSON { self }
}

/// The result of a command that has none: `{}`.
package struct Nothing: ReplyValue {
    package static var schema: SchemaType { .empty }
    package var json: JSON { [:] }
}

/// An enumeration whose raw values are QMP's words.
package protocol ReplyEnumeration: ReplyValue, RawRepresentable, CaseIterable where RawValue == String {
    static var typeName: String { get }
}

extension ReplyEnumeration {
    package static var schema: SchemaType { .enumeration(name: typeName, allCases.map(\.rawValue)) }
    package var json: JSON { .string(rawValue) }
}

/// A struct that is a JSON object: its members are listed once, by key path.
package protocol ReplyObject: ReplyValue {
    static var typeName: String { get }
    static var members: [ReplyMember<Self>] { get }
}

extension ReplyObject {
    package static var schema: SchemaType { .object(name: typeName, members.map(\.schema)) }

    package var json: JSON {
        var object = JSONObject()
        for member in Self.members { object[member.schema.name] = member.encode(self) }
        return .object(object)
    }
}

/// One member of a `ReplyObject`.
package struct ReplyMember<Root>: Sendable {
    let schema: SchemaMember
    let encode: @Sendable (Root) -> JSON?

    package init<Value: ReplyValue>(_ name: String, _ path: any KeyPath<Root, Value> & Sendable) {
        schema = SchemaMember(name, Value.schema)
        encode = { $0[keyPath: path].json }
    }

    /// A member that is left out when it is nil.
    package init<Value: ReplyValue>(_ name: String, _ path: any KeyPath<Root, Value?> & Sendable) {
        schema = SchemaMember(name, Value.schema, isOptional: true)
        encode = { $0[keyPath: path]?.json }
    }
}
