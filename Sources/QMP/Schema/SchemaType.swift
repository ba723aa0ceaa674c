/// A type as `query-qmp-schema` describes it (QEMU's QAPI schema language).
///
/// Every command's arguments and result and every event's data have one, derived from the same declaration that reads or
/// writes the value, so the schema cannot say what the code does not do.
package indirect enum SchemaType: Sendable, Equatable {
    case string, integer, number, boolean, null
    /// Any JSON value.
    case any
    case array(SchemaType)
    case enumeration(name: String, [String])
    case object(name: String, [SchemaMember])

    /// No members: what a command without arguments takes, and one without a result returns.
    package static let empty = SchemaType.object(name: "Empty", [])

    /// The name others refer to it by; the same for equal types.
    var name: String {
        switch self {
        case .string: "str"
        case .integer: "int"
        case .number: "number"
        case .boolean: "bool"
        case .null: "null"
        case .any: "any"
        case .array(let element): "[\(element.name)]"
        case .enumeration(let name, _), .object(let name, _): name
        }
    }
}

/// One member of an object type.
package struct SchemaMember: Sendable, Equatable {
    package let name: String
    package let type: SchemaType
    package let isOptional: Bool

    package init(_ name: String, _ type: SchemaType, isOptional: Bool = false) {
        self.name = name
        self.type = type
        self.isOptional = isOptional
    }
}
