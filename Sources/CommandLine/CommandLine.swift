package import Configuration

// CommandLine: argv in QEMU's grammar, into plain values.
//
//     argv ─▶ Option table ─▶ handler ─▶ OptionText (key=value, JSON) ─▶ Properties ─▶ Draft ─▶ MachineConfiguration
//             (one entry per     (typed by declared properties: PropertyReader)         (merges, checks)
//              option)
//
// Users and their tools (libvirt, Kata, urunc) already speak this dialect, so its quirks are kept: one dash or two,
// `,,` for a comma in a value, a first value without its key, bare `server` and `nowait`, options in any order.
//
// Nothing is accepted and then ignored, except the forms listed in `IgnoredForm.all`, each with the reason why ignoring
// it cannot be noticed. What QEMU has and Apus does not have yet is listed in `Option.unsupported` and refused by name.

/// Reading a command line.
package enum CommandLine {
    /// Reads the arguments after the program's name.
    ///
    /// Pure: opens nothing, prints nothing. A request for help ends the reading at once, whatever follows it.
    ///
    /// - Parameter readFile: a file's text, for `-readconfig`; or the reason why it cannot be read, as a phrase.
    package static func parse(
        _ arguments: [String], readFile: @escaping FileReader = { _ in .failure(Unreadable("no files are read here")) }
    ) throws(CommandLineError) -> Invocation {
        var draft = Draft(readFile: readFile)
        var rest = arguments[...]
        let options = Option.all
        while let argument = rest.popFirst() {
            let option = try Option.named(argument, among: options)
            let text = try option.takeArgument(of: argument, from: &rest)
            try option.handle(&draft, text)
            if let help = draft.help { return help }
        }
        return .run(try draft.finished())
    }
}

/// Gives the text of a file.
package typealias FileReader = (_ path: String) -> Result<String, Unreadable>

/// Why a file could not be read, as a phrase.
package struct Unreadable: Error, Equatable {
    let reason: String
    package init(_ reason: String) { self.reason = reason }
}

/// What a command line asks for.
package enum Invocation: Sendable, Equatable {
    case run(MachineConfiguration)
    /// `-h`: print `CommandLine.help(program:)`.
    case help
    case version
    case machineHelp
    /// `-machine TYPE,help`.
    case machinePropertiesHelp(type: String?)
    case acceleratorHelp
    case cpuHelp
    case deviceHelp
    /// `-device DRIVER,help`.
    case devicePropertiesHelp(driver: String)
    case objectHelp
    /// `-object TYPE,help`.
    case objectPropertiesHelp(type: String)
    case networkBackendHelp
    /// `-chardev help`: print `CommandLine.characterHelp`.
    case characterHelp
    case logHelp
}
