package import Configuration
package import JSON

/// The text of one option, taken apart.
///
/// Two grammars share it. Text that begins with `{` is a JSON object with typed values. Everything else is
/// `key=value,key=value`: a comma inside a value is doubled, the first value may leave its key out where the option
/// names one, a key alone means `on`, a key alone with `no` before it means `off`, and a comma at the end is nothing.
/// The last of two equal keys wins, as in QEMU.
package enum OptionText {
    /// - Parameters:
    ///   - option: for messages, with its dash.
    ///   - implied: the key of a first value that stands alone.
    ///   - gathered: keys whose values become a list if they are given several times.
    package static func properties(
        _ text: String, option: String, implied: String? = nil, gathered: [String] = []
    ) throws(CommandLineError) -> Properties {
        guard !text.isEmpty else { throw .malformed(option: option, reason: "it is empty") }
        guard !text.hasPrefix("{") else { return try json(text, option: option) }
        var properties = Properties()
        var rest = text.utf8[...]
        var isFirst = true
        while !rest.isEmpty {
            let key = takeKey(&rest)
            if rest.first == UInt8(ascii: "=") {
                rest.removeFirst()
                guard !key.isEmpty else {
                    throw .malformed(option: option, reason: "a value has no key before its '='")
                }
                let value = Value.string(takeValue(&rest))
                switch properties[key] {
                case .list(let values)? where gathered.contains(key): properties[key] = .list(values + [value])
                case let first? where gathered.contains(key): properties[key] = .list([first, value])
                default: properties[key] = value
                }
            } else {
                // It was no key: the text up to here is a value, or a flag.
                let word = key + takeValue(&rest)
                if isFirst, let implied {
                    if !word.isEmpty { properties[implied] = .string(word) }
                } else if word.hasPrefix("no"), word.utf8.count > 2, !flagsWithNo.contains(word) {
                    properties[String(word.dropFirst(2))] = .string("off")
                } else if !word.isEmpty {
                    properties[word] = .string("on")
                } else if !rest.isEmpty {
                    throw .malformed(option: option, reason: "there is nothing between two commas")
                }
            }
            isFirst = false
        }
        return properties
    }

    /// Flags whose own name begins with `no`.
    private static let flagsWithNo = ["node", "node-name", "notify", "nodelay", "nonblock", "noaudio"]

    private static func json(_ text: String, option: String) throws(CommandLineError) -> Properties {
        let value: JSON
        do throws(JSONError) { value = try JSON.parse(text) } catch { throw .malformedJSON(option: option, error) }
        guard case .object(let object) = value else {
            throw .malformed(option: option, reason: "it is no JSON object")
        }
        return Properties(object)
    }

    /// Takes bytes up to the next `=` or `,`, which stays.
    private static func takeKey(_ rest: inout Substring.UTF8View) -> String {
        let key = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") }
        rest = rest[key.endIndex...]
        return String(Substring(key))
    }

    /// Takes bytes up to a single comma, which goes too; doubled ones become one.
    private static func takeValue(_ rest: inout Substring.UTF8View) -> String {
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: ",") else {
                value.append(byte)
                continue
            }
            guard rest.first == UInt8(ascii: ",") else { break }
            rest.removeFirst()
            value.append(byte)
        }
        return String(decoding: value, as: UTF8.self)
    }
}

extension Value {
    /// The same value, from a message's or an option's JSON.
    package init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .unsigned(let value): self = .unsigned(value)
        case .real(let value): self = .real(value)
        case .string(let value): self = .string(value)
        case .array(let values): self = .list(values.map { Value($0) })
        case .object(let object): self = .object(Properties(object))
        }
    }
}

extension Properties {
    /// The members of a JSON object, in their order.
    package init(_ object: JSONObject) {
        self.init()
        for member in object.members { self[member.name] = Value(member.value) }
    }
}
