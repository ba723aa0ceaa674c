/// Makes lines of keys, as a terminal does that somebody types on: echo, backspace, and the keys that give a line up.
///
/// | key | |
/// |---|---|
/// | Return | ends the line |
/// | Backspace, Delete | takes the last letter back |
/// | Ctrl-U, Ctrl-C | takes the whole line back |
/// | Ctrl-W | takes the last word back |
///
/// Cursor keys and their like are swallowed.
struct LineDiscipline {
    enum Outcome: Equatable {
        /// What the terminal is to show; may be nothing.
        case echo([UInt8])
        /// A line, without its end.
        case line(String)
    }

    private enum Escape { case none, begun, sequence }

    private static let limit = 4096
    private var bytes: [UInt8] = []
    private var escape = Escape.none
    /// Return may come as CR LF: the second is no other line.
    private var wasReturn = false

    /// Takes one byte.
    mutating func take(_ byte: UInt8) -> Outcome {
        defer { wasReturn = byte == 0x0d }
        switch escape {
        case .begun:
            escape = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") ? .sequence : .none
            return .echo([])
        case .sequence:
            // Ends with a letter or `~` (ECMA-48 §5.4).
            if (0x40...0x7e).contains(byte) { escape = .none }
            return .echo([])
        case .none: break
        }
        switch byte {
        case 0x0a where wasReturn: return .echo([])
        case 0x0d, 0x0a:
            defer { bytes = [] }
            return .line(String(decoding: bytes, as: UTF8.self))
        case 0x1b:
            escape = .begun
            return .echo([])
        case 0x08, 0x7f: return .echo(takeBack(1))
        case 0x15, 0x03: return .echo(takeBack(bytes.count))
        case 0x17:
            let blanks = bytes.reversed().prefix { $0 == 0x20 }.count
            let word = bytes.dropLast(blanks).reversed().prefix { $0 != 0x20 }.count
            return .echo(takeBack(blanks + word))
        case 0x20...0x7e, 0x80...:
            guard bytes.count < LineDiscipline.limit else { return .echo([]) }
            bytes.append(byte)
            return .echo([byte])
        default: return .echo([])
        }
    }

    mutating func clear() { self = LineDiscipline() }

    /// Removes bytes, and from the screen their letters: a UTF-8 letter is one, however many bytes it has.
    private mutating func takeBack(_ count: Int) -> [UInt8] {
        var letters = 0
        var rest = count
        while rest > 0, let last = bytes.popLast() {
            // Continuation bytes belong to the byte before them.
            if last & 0xc0 != 0x80 {
                letters += 1
                rest -= 1
            } else if count > 1 {
                rest -= 1
            }
        }
        return (0..<letters).flatMap { _ in [0x08, 0x20, 0x08] as [UInt8] }
    }
}
