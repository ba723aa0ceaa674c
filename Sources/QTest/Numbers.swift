/// The number forms of the protocol: C's `strtoull` with base 0 for numbers, hexadecimal and base64 for bytes.
///
/// Everything comes from a socket, so nothing is taken for granted: no form that is almost right passes.
enum Numbers {
    /// A whole word as C reads it: `0x1F`, `017`, `31`, with a sign or without; nil for anything else and for what does
    /// not fit in 64 bits. A minus negates in two's complement, as `strtoull` does.
    static func unsigned(_ word: ArraySlice<UInt8>) -> UInt64? {
        var digits = word
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        var radix: UInt64 = 10
        if digits.count > 1, digits.first == UInt8(ascii: "0") {
            digits = digits.dropFirst()
            radix = 8
            if digits.first == UInt8(ascii: "x") || digits.first == UInt8(ascii: "X") {
                digits = digits.dropFirst()
                radix = 16
            }
        }
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for character in digits {
            guard let digit = digit(character), UInt64(digit) < radix else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return isNegative ? 0 &- value : value
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// `0x` and digits, filled up with zeros to at least `width`.
    static func text(_ value: UInt64, width: Int) -> String {
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    // MARK: Bytes in hexadecimal

    /// The bytes of `0x` and an even number of digits.
    static func bytes(hexadecimal word: ArraySlice<UInt8>) -> [UInt8]? {
        guard word.count % 2 == 0, word.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "x")]) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(word.count / 2)
        var index = word.startIndex + 2
        while index < word.endIndex {
            guard let high = digit(word[index]), let low = digit(word[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    static func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xf)])
        }
        return text
    }
}
