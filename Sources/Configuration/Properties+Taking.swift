// Taking the few keys that every device, object or back end has, before its own schema is known.
extension Properties {
    /// Removes `name` and returns its text.
    package mutating func takeString(_ name: String, subject: String) throws(ConfigurationError) -> String? {
        guard let value = remove(name) else { return nil }
        guard case .string(let text) = value else {
            throw .badValue(subject: subject, name: name, given: value.shown, allowed: "a string")
        }
        return text
    }

    /// `takeString`, refusing its absence and an empty text.
    package mutating func takeRequiredString(_ name: String, subject: String) throws(ConfigurationError) -> String {
        guard let text = try takeString(name, subject: subject), !text.isEmpty else {
            throw .missingProperty(subject: subject, name: name)
        }
        return text
    }

    /// Removes `id` (or another name) and judges its form.
    package mutating func takeIdentifier(
        _ name: String = "id", subject: String
    ) throws(ConfigurationError) -> String? {
        guard let text = try takeString(name, subject: subject) else { return nil }
        guard Self.isIdentifier(text) else { throw .malformedIdentifier(subject: subject, identifier: text) }
        return text
    }

    /// QEMU's rule for ids: a letter, then letters, digits, `-`, `.` and `_`. Ids become parts of QOM paths, so a slash
    /// in one would name something else.
    package static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { byte in
            isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
