internal import Configuration

/// The words after a command's name, taken one by one.
///
/// Words are parted by blanks; quotation marks keep blanks in a word. `x/4xw 1000` is `x` with the format `4xw`, and so is
/// `x /4xw 1000`.
struct HumanArguments {
    /// The command's name; empty for an empty line.
    let name: String
    private(set) var format: String?
    private var words: ArraySlice<String>

    init(_ line: String) {
        var words = HumanArguments.split(line)[...]
        let first = words.popFirst() ?? ""
        let parts = first.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(parts.first ?? "")
        if parts.count > 1 { format = String(parts[1]) }
        if let next = words.first, next.hasPrefix("/"), format == nil, ["x", "xp"].contains(name) {
            format = String(next.dropFirst())
            words.removeFirst()
        }
        self.words = words
    }

    /// The next word, if there is one.
    mutating func next() -> String? { words.popFirst() }

    /// The next word, which has to be there.
    mutating func word(_ what: String) throws(QMPError) -> String {
        guard let word = words.popFirst() else { throw QMPError("\(name) needs \(what); help \(name) shows how.") }
        return word
    }

    /// The next word as a number: decimal, or hexadecimal after 0x.
    mutating func number(_ what: String) throws(QMPError) -> UInt64 {
        let word = try word(what)
        guard let number = NumberText.unsigned(word) else {
            throw QMPError("\(name): \(what) is a number, decimal or 0x…, not '\(word)'.")
        }
        return number
    }

    /// Refuses words that nobody took.
    func finish() throws(QMPError) {
        if let word = words.first {
            throw QMPError("\(name) has no use for '\(word)'; help \(name) shows what it takes.")
        }
    }

    private static func split(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        for letter in line {
            if letter == "\"" {
                isQuoted.toggle()
                word = word ?? ""
            } else if letter.isWhitespace, !isQuoted {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(letter)
            }
        }
        if let word { words.append(word) }
        return words
    }
}
