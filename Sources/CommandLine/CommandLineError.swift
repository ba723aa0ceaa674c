package import Configuration
package import JSON

/// Why a command line was refused. The description is the sentence to print before exit status 1.
package enum CommandLineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `nearest` is the option that looks most like it, when one does.
    case unknownOption(String, nearest: String?)
    /// `placeholder` is what help shows for the argument.
    case missingArgument(option: String, placeholder: String)
    /// Text where an option belongs.
    case strayArgument(String)
    /// QEMU has it, Apus does not.
    case notSupported(String)
    /// A value Apus has no use for; `rule` says what it takes, as the sentence's end.
    case notTaken(option: String, given: String, rule: String)
    /// `key=value` text that cannot be read; `reason` is a phrase.
    case malformed(option: String, reason: String)
    case malformedJSON(option: String, JSONError)
    case configuration(ConfigurationError)
    /// `-readconfig`'s file cannot be read.
    case unreadable(path: String, reason: String)
    /// A line of it is wrong; `sentence` says how.
    case inFile(path: String, line: Int, sentence: String)
    /// Options that cannot stand together; a whole sentence.
    case conflict(String)

    package var description: String { sentence.onOneLine }

    private var sentence: String {
        switch self {
        case .unknownOption(let option, let nearest?): "There is no option '\(option)'; did you mean '\(nearest)'?"
        case .unknownOption(let option, nil): "There is no option '\(option)'; -h lists them."
        case .missingArgument(let option, let placeholder): "\(option) needs an argument: \(placeholder)."
        case .strayArgument(let text):
            "'\(text)' is not an option; a disk image is given with -drive file=PATH."
        case .notSupported(let form): "\(form) is not supported by Apus yet."
        case .notTaken(let option, let given, let rule): "\(option) cannot be '\(given)': \(rule)."
        case .malformed(let option, let reason): "\(option) cannot be read: \(reason)."
        case .malformedJSON(let option, let error): "\(option): \(error)"
        case .configuration(let error): error.description
        case .unreadable(let path, let reason): "-readconfig cannot read '\(path)': \(reason)."
        case .inFile(let path, let line, let sentence): "In '\(path)', line \(line): \(sentence)"
        case .conflict(let sentence): sentence
        }
    }
}

/// Runs a configuration's own checks, passing their error on as the command line's.
func checked<Result>(
    _ body: () throws(ConfigurationError) -> Result
) throws(CommandLineError) -> Result {
    do throws(ConfigurationError) { return try body() } catch { throw .configuration(error) }
}
