/// What one property was given.
///
/// The command line knows only text, so everything `key=value` is a `.string`; JSON keeps its types. Which of them a
/// property takes is judged by its declaration (`Property`), so a number written as text and a JSON number mean the
/// same.
package indirect enum Value: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A JSON integer beyond `Int64.max`; smaller ones are always `.integer`.
    case unsigned(UInt64)
    case real(Double)
    case string(String)
    case list([Value])
    case object(Properties)

    /// The value as an error message shows it: text as given, other things in words.
    package var shown: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .unsigned(let value): String(value)
        case .real(let value): String(value)
        case .string(let text): text
        case .list: "a list"
        case .object: "an object"
        }
    }
}
