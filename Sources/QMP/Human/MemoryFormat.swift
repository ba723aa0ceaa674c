/// How `x` and `xp` show memory: a count, a notation and a size, as in `16xb`.
struct MemoryFormat: Equatable {
    enum Notation: Character {
        case hexadecimal = "x"
        case signed = "d"
        case unsigned = "u"
        case octal = "o"
        case character = "c"
    }

    /// More would fill a terminal for hours.
    private static let limit = 1 << 16

    private(set) var count = 1
    private(set) var notation = Notation.hexadecimal
    /// Bytes of one value.
    private(set) var size = 4

    init(_ text: String) throws(QMPError) {
        var rest = Substring(text)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        if !digits.isEmpty {
            guard let number = Int(digits), (1...MemoryFormat.limit).contains(number) else {
                throw QMPError("A format's count is from 1 to \(MemoryFormat.limit), not '\(digits)'.")
            }
            count = number
            rest = rest.dropFirst(digits.count)
        }
        for letter in rest {
            if let notation = Notation(rawValue: letter) {
                self.notation = notation
                if notation == .character { size = 1 }
            } else if let width = ["b": 1, "h": 2, "w": 4, "g": 8][letter] {
                size = width
            } else {
                throw QMPError(
                    "A format is a count, one of x d u o c, and one of b h w g; '\(letter)' is none of them.")
            }
        }
        if notation == .character { size = 1 }
    }

    /// The lines from `address` on, up to where `read` has nothing.
    func dump(at address: UInt64, _ read: (UInt64, Int) -> [UInt8]?) -> String {
        var text = ""
        var address = address
        var rest = count * size
        while rest > 0 {
            let length = min(rest, size == 1 ? 8 : 16)
            text += MemoryFormat.padded(String(address, radix: 16), 16, with: "0") + ":"
            guard let bytes = read(address, length) else { return text + " Cannot access memory\n" }
            for start in stride(from: 0, to: length, by: size) {
                var value: UInt64 = 0
                for index in (start..<start + size).reversed() { value = value << 8 | UInt64(bytes[index]) }
                text += " " + show(value)
            }
            text += "\n"
            address &+= UInt64(length)
            rest -= length
        }
        return text
    }

    private func show(_ value: UInt64) -> String {
        switch notation {
        case .hexadecimal: return "0x" + MemoryFormat.padded(String(value, radix: 16), size * 2, with: "0")
        case .octal: return "0" + MemoryFormat.padded(String(value, radix: 8), (size * 8 + 2) / 3, with: "0")
        case .unsigned: return MemoryFormat.padded(String(value), width)
        case .signed:
            // The value's own sign bit, carried up.
            let shift = UInt64(64 - size * 8)
            return MemoryFormat.padded(String(Int64(bitPattern: value << shift) >> Int64(shift)), width)
        case .character:
            let isPrintable = (0x20...0x7e).contains(value)
            return isPrintable
                ? "'\(Character(UnicodeScalar(UInt8(value))))'"
                : "'\\x" + MemoryFormat.padded(String(value, radix: 16), 2, with: "0") + "'"
        }
    }

    /// Columns for the largest number of this size, and a sign.
    private var width: Int { [1: 4, 2: 6, 4: 11, 8: 20][size] ?? 20 }

    static func padded(_ text: String, _ width: Int, with letter: Character = " ") -> String {
        String(repeating: letter, count: max(0, width - text.utf8.count)) + text
    }
}
