internal import Configuration

/// One option: its names, its argument, its line of help and what it does. All of them stand in `Option.all`.
struct Option: Sendable {
    typealias Handler = @Sendable (inout Draft, String) throws(CommandLineError) -> Void

    enum Argument: Sendable {
        case none
        /// The placeholder is what help shows and what a missing argument is told.
        case required(String)
        /// Taken unless the next argument looks like an option.
        case optional(String)
        /// Takes all that follows up to the next option, joined by blanks.
        case words(String)
    }

    /// Without dashes; the first is the one shown.
    let names: [String]
    let argument: Argument
    /// `nil` for what help does not show: aliases of old and options that are not supported.
    let summary: String?
    /// Called with the argument, or with an empty text when there is none.
    let handle: Handler

    init(
        _ name: String, or aliases: [String] = [], argument: Argument = .none, _ summary: String?,
        handle: @escaping Handler
    ) {
        names = [name] + aliases
        self.argument = argument
        self.summary = summary
        self.handle = handle
    }

    /// The option with its dash.
    var shown: String { "-" + (names.first ?? "") }

    /// The option an argument names: one dash or two.
    static func named(_ argument: String, among options: [Option]) throws(CommandLineError) -> Option {
        guard argument.hasPrefix("-"), argument.utf8.count > 1 else { throw .strayArgument(argument) }
        let name = argument.hasPrefix("--") ? argument.dropFirst(2) : argument.dropFirst()
        if let option = options.first(where: { $0.names.contains { $0 == name } }) { return option }
        let nearest = Spelling.nearest(to: String(name), among: options.lazy.flatMap(\.names))
        throw .unknownOption(argument, nearest: nearest.map { "-" + $0 })
    }

    /// Takes this option's argument off the front of `rest`.
    func takeArgument(
        of given: String, from rest: inout ArraySlice<String>
    ) throws(CommandLineError) -> String {
        switch argument {
        case .none: return ""
        case .required(let placeholder):
            guard let text = rest.popFirst() else { throw .missingArgument(option: given, placeholder: placeholder) }
            return text
        case .optional:
            guard let text = rest.first, !text.hasPrefix("-") else { return "" }
            rest.removeFirst()
            return text
        case .words(let placeholder):
            guard var text = rest.popFirst() else { throw .missingArgument(option: given, placeholder: placeholder) }
            while let word = rest.first, !word.hasPrefix("-") {
                text += " " + word
                rest.removeFirst()
            }
            return text
        }
    }

    /// The table. Built on use, once for a command line: it costs microseconds, and nothing else needs it.
    static var all: [Option] {
        general + machine + boot + devices + block + characters + process + unsupported
    }

    static var general: [Option] {
        [
            Option("h", or: ["help", "?"], "show this text") { draft, _ in draft.help = .help },
            Option("version", "show the version") { draft, _ in draft.help = .version },
        ]
    }
}

extension CommandLine {
    /// The text of `-h`.
    ///
    /// - Parameter program: the name it was called by.
    package static func help(program: String) -> String {
        var text = "usage: \(program) [option]...\n\n"
        for option in Option.all {
            guard let summary = option.summary else { continue }
            var line = option.shown
            switch option.argument {
            case .none: break
            case .required(let placeholder): line += " " + placeholder
            case .optional(let placeholder): line += " [\(placeholder)]"
            case .words(let placeholder): line += " " + placeholder
            }
            if line.utf8.count > 30 {
                text += line + "\n"
                line = ""
            }
            while line.utf8.count < 32 { line += " " }
            text += line + summary + "\n"
        }
        text += """

            STREAM is stdio, pty, null, file:PATH, pipe:PATH, unix:PATH[,server=on][,wait=off],
            tcp:HOST:PORT[,server=on][,wait=off] or chardev:ID; for -serial also none and mon:stdio.

            Accepted, and without effect:

            """
        for form in IgnoredForm.all {
            var line = form.shown
            while line.utf8.count < 32 { line += " " }
            text += line + form.reason + "\n"
        }
        return text
    }
}
