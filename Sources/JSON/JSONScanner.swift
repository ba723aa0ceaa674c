/// Follows JSON byte by byte, knowing only brackets and strings: enough to tell where a value ends.
///
/// It takes every text for valid whose brackets match; the parser judges the rest.
struct JSONScanner {
    enum Verdict: Equatable {
        /// Blanks between values.
        case outside
        /// In the middle of a value, this byte included.
        case inside
        /// This byte ends a value and belongs to it.
        case complete
        /// The byte before ended a value (a bare number or word); this byte is not part of it and was not taken.
        case completeBefore
        /// No value continues like this; the scanner is back at its start.
        case broken(String)
        case tooDeep
    }

    private enum Mode { case outside, inside, string(quote: UInt8, escaped: Bool), word }

    private var mode = Mode.outside
    /// The closing brackets expected, innermost last.
    private var closers: [UInt8] = []
    private let depthLimit: Int
    private(set) var sawSingleQuote = false

    init(depthLimit: Int) { self.depthLimit = depthLimit }

    mutating func reset() {
        mode = .outside
        closers.removeAll(keepingCapacity: true)
        sawSingleQuote = false
    }

    /// Whether a bare word or number waits for the byte that shows its end.
    var isInWord: Bool { if case .word = mode { true } else { false } }
    var isOutside: Bool { if case .outside = mode { true } else { false } }

    mutating func take(_ byte: UInt8) -> Verdict {
        switch mode {
        case .string(let quote, let escaped): return takeInString(byte, quote, escaped)
        case .word:
            guard isDelimiter(byte) else { return .inside }
            mode = .outside
            return .completeBefore
        case .outside, .inside: break
        }
        switch byte {
        case 0x09, 0x0a, 0x0d, 0x20: return closers.isEmpty ? .outside : .inside
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard closers.count < depthLimit else { return leave(.tooDeep) }
            // ASCII puts each closing bracket two after its opening one.
            closers.append(byte + 2)
            mode = .inside
            return .inside
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            guard closers.popLast() == byte else { return leave(.broken("a bracket closes what is not open")) }
            if closers.isEmpty { mode = .outside }
            return closers.isEmpty ? .complete : .inside
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            if byte == UInt8(ascii: "'") { sawSingleQuote = true }
            mode = .string(quote: byte, escaped: false)
            return .inside
        case 0..<0x20, 0x7f...: return leave(.broken("a byte that no JSON has outside strings"))
        default:
            if closers.isEmpty {
                if isDelimiter(byte) { return leave(.broken("punctuation outside of any value")) }
                mode = .word
            }
            return .inside
        }
    }

    private mutating func takeInString(_ byte: UInt8, _ quote: UInt8, _ escaped: Bool) -> Verdict {
        // A raw control character is no JSON, and the newline among them is where a lost client's next line begins.
        guard byte >= 0x20, byte != 0xff else { return leave(.broken("a control character in a string")) }
        if escaped {
            mode = .string(quote: quote, escaped: false)
        } else if byte == UInt8(ascii: "\\") {
            mode = .string(quote: quote, escaped: true)
        } else if byte == quote {
            mode = closers.isEmpty ? .outside : .inside
            return closers.isEmpty ? .complete : .inside
        }
        return .inside
    }

    private mutating func leave(_ verdict: Verdict) -> Verdict {
        reset()
        return verdict
    }

    private func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\""),
            UInt8(ascii: "'"), UInt8(ascii: ","), UInt8(ascii: ":"), 0xff:
            true
        default: false
        }
    }
}
