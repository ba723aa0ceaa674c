// JSON: values, their text, and a stream of them.
//
//     bytes ──JSONStream──▶ one top-level value's bytes ──JSON.parse──▶ JSON ──bytes()──▶ bytes
//              (where does      (limits, single quotes)  (jansson)
//               a value end?)
//
// jansson does the parsing; what it leaves open is done here: a nesting limit that suits a small stack, a size limit,
// strings in single quotes (QEMU's clients use them), and the splitting of a byte stream into values. Writing is a few
// dozen lines and needs no tree of C objects, so it is Swift.

/// One JSON value.
///
/// Integers keep 64 bits: `.integer` for all that fit `Int64`, `.unsigned` for larger ones, which can be written but
/// are refused when read (jansson's integers are signed).
package indirect enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case real(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// `.integer`, or `.unsigned` where that is needed.
    package init(_ number: some BinaryInteger) {
        if let number = Int64(exactly: number) {
            self = .integer(number)
        } else {
            self = .unsigned(UInt64(clamping: number))
        }
    }

    package var isNull: Bool { self == .null }

    package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    package var stringValue: String? { if case .string(let value) = self { value } else { nil } }

    package var integerValue: Int64? { if case .integer(let value) = self { value } else { nil } }

    package var unsignedValue: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    /// A real, or an integer as one.
    package var realValue: Double? {
        switch self {
        case .real(let value): value
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        default: nil
        }
    }

    package var arrayValue: [JSON]? { if case .array(let values) = self { values } else { nil } }

    package var objectValue: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// The member `name` of an object; `nil` for what is no object.
    package subscript(name: String) -> JSON? { objectValue?[name] }

    /// The element at `index` of an array; `nil` beyond its end and for what is no array.
    package subscript(index: Int) -> JSON? {
        guard let values = arrayValue, values.indices.contains(index) else { return nil }
        return values[index]
    }

    /// The kind in words, for "expects a string, not a number".
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .unsigned, .real: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

// Literals, so that a reply reads as it will be sent: `["status": "running", "running": true]`.
extension JSON: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .real(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}
