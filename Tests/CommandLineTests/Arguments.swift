import CommandLine
import Configuration
import Testing

/// A command line as one would type it: words parted by blanks, single quotes around those that have some.
func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var isQuoted = false
    for letter in line {
        if letter == "'" {
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

/// The machine a command line describes; anything else fails the test.
func machine(_ line: String, at place: SourceLocation = #_sourceLocation) throws -> MachineConfiguration {
    let invocation = try CommandLine.parse(words(line))
    guard case .run(let configuration) = invocation else {
        Issue.record("\(line) asks for \(invocation)", sourceLocation: place)
        return MachineConfiguration()
    }
    return configuration
}

/// The sentence a command line is refused with, or `nil`.
func refusal(_ line: String) -> String? {
    do throws(CommandLineError) {
        _ = try CommandLine.parse(words(line))
        return nil
    } catch {
        return error.description
    }
}

extension DeviceConfiguration {
    /// A device whose properties are all text.
    static func text(_ driver: String, id: String? = nil, bus: String? = nil, _ properties: Properties = [:]) -> Self {
        DeviceConfiguration(driver: driver, identifier: id, bus: bus, properties: properties)
    }
}
