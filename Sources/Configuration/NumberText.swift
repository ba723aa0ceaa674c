/// How numbers and flags are written in options: QEMU's rules, without its C library.
package enum NumberText {
    /// `on yes true y` and `off no false n`.
    package static func boolean(_ text: String) -> Bool? {
        switch text {
        case "on", "yes", "true", "y": true
        case "off", "no", "false", "n": false
        default: nil
        }
    }

    /// An unsigned number: decimal, `0x…`, or octal after a leading zero. No sign, blank or anything after it.
    package static func unsigned(_ text: String) -> UInt64? {
        let digits = text.utf8
        guard let first = digits.first, isDigit(first) else { return nil }
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            // UInt64's own parser takes a plus sign; an option's number has none.
            guard let digit = digits.dropFirst(2).first, digit != UInt8(ascii: "+") else { return nil }
            return UInt64(text.dropFirst(2), radix: 16)
        }
        return UInt64(text, radix: first == UInt8(ascii: "0") && digits.count > 1 ? 8 : 10)
    }

    /// A signed number.
    package static func integer(_ text: String) -> Int64? {
        guard text.hasPrefix("-") else { return unsigned(text).flatMap { Int64(exactly: $0) } }
        guard let magnitude = unsigned(String(text.dropFirst())) else { return nil }
        return magnitude == Int64.min.magnitude ? .min : Int64(exactly: magnitude).map { -$0 }
    }

    /// A size in bytes: digits, an optional fraction, and a suffix (powers of 1024).
    ///
    /// - Parameter unit: the suffix that is meant when there is none; `-m 256` means mebibytes.
    /// - Returns: `nil` for anything else, also for what does not fit 64 bits.
    package static func size(_ text: String, unit: Character = "B") -> UInt64? {
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            return unsigned(text).flatMap { scale($0, unit) }
        }
        var rest = Substring(text)
        let whole = takeDigits(&rest)
        guard !whole.isEmpty, let count = UInt64(whole) else { return nil }
        var fraction: Substring = ""
        if rest.first == "." {
            rest.removeFirst()
            fraction = takeDigits(&rest)
            if fraction.isEmpty { return nil }
        }
        guard rest.utf8.count <= 1, let bytes = scale(count, rest.first ?? unit) else { return nil }
        guard !fraction.isEmpty else { return bytes }
        guard let one = scale(1, rest.first ?? unit) else { return nil }
        // Fifteen digits are exact in a Double; more of them cannot change a byte.
        guard let part = Double("0." + fraction.prefix(15)) else { return nil }
        let (sum, overflow) = bytes.addingReportingOverflow(UInt64(Double(one) * part))
        return overflow ? nil : sum
    }

    /// A size as a user would write it: the largest suffix that divides it.
    package static func sized(_ bytes: UInt64) -> String {
        guard bytes > 0 else { return "0" }
        let power = min(bytes.trailingZeroBitCount / 10, suffixes.count - 1)
        let suffix = power == 0 ? "" : String(suffixes[power])
        return String(bytes >> (10 * UInt64(power))) + suffix
    }

    /// A number in either form.
    static func unsigned(_ value: Value) -> UInt64? {
        switch value {
        case .integer(let number): UInt64(exactly: number)
        case .unsigned(let number): number
        case .string(let text): unsigned(text)
        default: nil
        }
    }

    static func integer(_ value: Value) -> Int64? {
        switch value {
        case .integer(let number): number
        case .string(let text): integer(text)
        default: nil
        }
    }

    private static let suffixes: [Character] = ["B", "K", "M", "G", "T", "P", "E"]

    private static func scale(_ count: UInt64, _ suffix: Character) -> UInt64? {
        guard let letter = suffix.uppercased().first, let power = suffixes.firstIndex(of: letter) else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << (10 * UInt64(power)))
        return overflow ? nil : bytes
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func takeDigits(_ rest: inout Substring) -> Substring {
        let digits = rest.prefix { $0.utf8.count == 1 && isDigit($0.utf8.first ?? 0) }
        rest = rest.dropFirst(digits.count)
        return digits
    }
}
