extension AML {
    /// One name of a path: four characters, a letter or underscore first, shorter ones padded with underscores.
    ///
    /// ACPI 6.4 §20.2.2, `NameSeg`.
    package struct NameSegment: Sendable, Equatable, CustomStringConvertible {
        let bytes: [UInt8]

        /// A segment of one to four capital letters, digits and underscores, or nil for anything else.
        package init?(_ text: some StringProtocol) {
            let characters = Array(text.utf8)
            guard (1...4).contains(characters.count), let first = characters.first, !Self.isDigit(first) else {
                return nil
            }
            guard characters.allSatisfy({ Self.isLetter($0) || Self.isDigit($0) }) else { return nil }
            bytes = characters + Array(repeating: UInt8(ascii: "_"), count: 4 - characters.count)
        }

        /// One of a series: `prefix`, then as many hexadecimal digits of `index` as fill four characters.
        ///
        /// A prefix of one letter numbers 4096 objects, of two 256. Indices beyond that would repeat names, so the
        /// caller bounds them.
        package init(_ prefix: Unicode.Scalar..., index: Int) {
            let digits = 4 - prefix.count
            let letters = prefix.map { UInt8(ascii: $0) }
            bytes = letters + (0..<digits).reversed().map { Self.hexDigit(index >> (4 * $0)) }
        }

        package var description: String {
            String(decoding: bytes, as: UTF8.self)
        }

        private static func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
        }

        private static func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }

        private static func hexDigit(_ value: Int) -> UInt8 {
            let digit = UInt8(truncatingIfNeeded: value & 0xF)
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
        }
    }
}
