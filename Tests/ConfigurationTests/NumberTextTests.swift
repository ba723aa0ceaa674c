import Configuration
import Testing

@Suite("Numbers in options")
struct NumberTextTests {
    private static let sizeCases: [(String, UInt64?)] = [
        ("0", 0), ("1", 1), ("1K", 1024), ("2m", 2 << 20), ("1.5G", 3 << 29), ("3T", 3 << 40), ("1P", 1 << 50),
        ("15E", 15 << 60), ("16E", nil), ("0x10", 16), ("18446744073709551615", .max), ("18446744073709551616", nil),
        ("", nil), ("K", nil), ("1KB", nil), ("-1", nil), ("+1", nil), ("1.", nil), (".5G", nil), ("1 G", nil),
        ("0x", nil),
        ("0x+1", nil), ("1X", nil), ("1e3", nil),
    ]

    @Test("Sizes have suffixes, fractions and limits", arguments: sizeCases)
    func sizes(text: String, expected: UInt64?) { #expect(NumberText.size(text) == expected) }

    private static let integerCases: [(String, Int64?)] = [
        ("10", 10), ("0x1F", 31), ("010", 8), ("-5", -5), ("08", nil), ("", nil), ("1a", nil), ("--1", nil),
        ("-9223372036854775808", .min), ("9223372036854775808", nil),
    ]

    @Test("Numbers are decimal, hexadecimal or octal", arguments: integerCases)
    func integers(text: String, expected: Int64?) { #expect(NumberText.integer(text) == expected) }

    @Test("A size is shown with the suffix that fits")
    func shown() {
        #expect(
            [0, 1, 1024, 1536, 32 << 20, 1 << 52].map { NumberText.sized($0) } == ["0", "1", "1K", "1536", "32M", "4P"])
    }
}
