internal import Memory

/// The words of one command line, taken one by one.
struct Arguments {
    /// The command, shortened and made printable, since it may be repeated in a reply.
    let name: String
    private var words: ArraySlice<ArraySlice<UInt8>>

    init(_ line: [UInt8]) {
        let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...]
        let words = text.split(separator: UInt8(ascii: " "))
        let printable = (words.first ?? []).prefix(40).map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "?") }
        name = String(decoding: printable, as: UTF8.self)
        self.words = words.dropFirst()
    }

    mutating func word(_ what: String) throws(CommandRunner.Refusal) -> ArraySlice<UInt8> {
        guard let word = words.popFirst() else { throw .init("\(name) needs the argument '\(what)'") }
        return word
    }

    mutating func number(_ what: String) throws(CommandRunner.Refusal) -> UInt64 {
        guard let number = Numbers.unsigned(try word(what)) else {
            throw .init("the argument '\(what)' must be a number of at most 64 bits")
        }
        return number
    }

    /// The next argument as a number, or nil where the line ends.
    mutating func numberIfAny(_ what: String) throws(CommandRunner.Refusal) -> UInt64? {
        words.isEmpty ? nil : try number(what)
    }

    mutating func address() throws(CommandRunner.Refusal) -> GuestAddress { GuestAddress(try number("address")) }

    mutating func port() throws(CommandRunner.Refusal) -> GuestAddress {
        let port = try number("port")
        guard port <= 0xffff else { throw .init("ports end at 0xffff") }
        return GuestAddress(port)
    }

    /// An address and a size that is not 0.
    mutating func range(limit: UInt64) throws(CommandRunner.Refusal) -> GuestRange {
        guard let range = try rangeIfAny(limit: limit) else { throw .init("the size must be at least 1") }
        return range
    }

    /// An address and a size; nil for a size of 0.
    mutating func rangeIfAny(limit: UInt64) throws(CommandRunner.Refusal) -> GuestRange? {
        let start = try address()
        let count = try number("size")
        guard count <= limit else { throw .init("the size must not be over \(limit)") }
        guard count > 0 else { return nil }
        guard let range = GuestRange(start: start, count: count) else {
            throw .init("the range must not reach past the address space")
        }
        return range
    }
}
