// The kinds of properties. Each takes the command line's text and JSON's type for the same thing.

/// on, off, or whatever suits.
package enum Toggle: String, Sendable, CaseIterable { case on, off, auto }

extension Property where Content == String {
    package static func string(_ name: String, default text: String? = nil, _ summary: String) -> Self {
        Self(name, .string, text, text, summary, "a string") { value in
            if case .string(let text) = value { text } else { nil }
        }
    }

    /// One of a few words.
    package static func choice(
        _ name: String, _ words: [String], default word: String? = nil, _ summary: String
    ) -> Self {
        Self(name, .choice(words), word, word, summary, oneOf(words)) { value in
            if case .string(let text) = value, words.contains(text) { text } else { nil }
        }
    }
}

extension Property where Content: CaseIterable & RawRepresentable<String> {
    /// One of an enumeration's raw values.
    package static func choice(
        _ name: String, of type: Content.Type = Content.self, default word: Content? = nil, _ summary: String
    ) -> Self {
        let words = Content.allCases.map(\.rawValue)
        return Self(name, .choice(words), word, word?.rawValue, summary, oneOf(words)) { value in
            switch value {
            case .string(let text): Content(rawValue: text)
            // JSON may say true for a word pair that reads on and off.
            case .bool(let flag): Content(rawValue: flag ? "on" : "off")
            default: nil
            }
        }
    }
}

extension Property where Content == Bool {
    package static func boolean(_ name: String, default flag: Bool? = nil, _ summary: String) -> Self {
        Self(name, .boolean, flag, flag.map { $0 ? "on" : "off" }, summary, "on or off") { value in
            switch value {
            case .bool(let flag): flag
            case .string(let text): NumberText.boolean(text)
            default: nil
            }
        }
    }
}

extension Property where Content == Int {
    /// A whole number, decimal, `0x` or octal with a leading zero.
    package static func integer(
        _ name: String, in range: ClosedRange<Int>, default number: Int? = nil, _ summary: String
    ) -> Self {
        let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let kind = PropertyKind.integer(Int64(range.lowerBound)...Int64(range.upperBound))
        return Self(name, kind, number, number.map { String($0) }, summary, allowed) { value in
            guard let number = NumberText.integer(value), let number = Int(exactly: number) else { return nil }
            return range.contains(number) ? number : nil
        }
    }
}

extension Property where Content == UInt64 {
    /// A 64-bit number, for addresses and identifiers.
    package static func unsigned(
        _ name: String, in range: ClosedRange<UInt64> = 0...(.max), default number: UInt64? = nil, _ summary: String
    ) -> Self {
        let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let kind = PropertyKind.integer(0...Int64(clamping: range.upperBound))
        return Self(name, kind, number, number.map { String($0) }, summary, allowed) { value in
            NumberText.unsigned(value).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Bytes: a number with an optional suffix B, K, M, G, T, P or E (powers of 1024), and a fraction if it has one.
    package static func size(
        _ name: String, in range: ClosedRange<UInt64> = 0...(.max), default bytes: UInt64? = nil, _ summary: String
    ) -> Self {
        var allowed = "a size such as 512M or 2G"
        if range != 0...(.max) {
            allowed += " from \(NumberText.sized(range.lowerBound)) to \(NumberText.sized(range.upperBound))"
        }
        return Self(name, .size, bytes, bytes.map { NumberText.sized($0) }, summary, allowed) { value in
            let bytes: UInt64? =
                if case .string(let text) = value { NumberText.size(text) } else { NumberText.unsigned(value) }
            return bytes.flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Property where Content == [String] {
    /// Several strings: a JSON list, or text parted by `separator` (`fds=4:5`).
    package static func strings(_ name: String, separator: Character = ":", _ summary: String) -> Self {
        Self(name, .list, nil, nil, summary, "strings parted by '\(separator)'") { value in
            switch value {
            case .string(let text):
                return text.split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
            case .list(let values):
                let strings = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
                return strings.count == values.count ? strings : nil
            default: return nil
            }
        }
    }
}

extension Property where Content == Properties {
    /// An object of its own properties.
    package static func object(_ name: String, _ summary: String) -> Self {
        Self(name, .object, nil, nil, summary, "an object") { value in
            if case .object(let properties) = value { properties } else { nil }
        }
    }
}

extension Property where Content == [Properties] {
    /// A list of objects.
    package static func objects(_ name: String, _ summary: String) -> Self {
        Self(name, .list, nil, nil, summary, "a list of objects") { value in
            guard case .list(let values) = value else { return nil }
            let objects = values.compactMap { if case .object(let properties) = $0 { properties } else { nil } }
            return objects.count == values.count ? objects : nil
        }
    }
}

extension Property where Content == Value {
    /// Anything at all; the reader's owner judges it.
    package static func any(_ name: String, _ summary: String) -> Self {
        Self(name, .object, nil, nil, summary, "any value") { $0 }
    }
}

extension Property {
    fileprivate init(
        _ name: String, _ kind: PropertyKind, _ fallback: Content?, _ defaultText: String?, _ summary: String,
        _ allowed: String, _ convert: @escaping @Sendable (Value) -> Content?
    ) {
        declaration = PropertyDeclaration(name: name, kind: kind, defaultText: defaultText, summary: summary)
        self.fallback = fallback
        self.allowed = allowed
        self.convert = convert
    }
}

/// "native, threads or io_uring".
private func oneOf(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "nothing" }
    return words.dropLast().joined(separator: ", ") + " or " + last
}
