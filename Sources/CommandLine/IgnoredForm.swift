/// A form of an option that is accepted and does nothing, because ignoring it cannot be noticed.
///
/// The one list of them: help and the manual show it, with the reasons. What is not here is obeyed or refused.
struct IgnoredForm: Sendable {
    /// The option without its dash.
    let option: String
    /// The only argument that is ignored; `nil` ignores any.
    let argument: String?
    let reason: String

    var shown: String { "-\(option)" + (argument.map { " " + $0 } ?? "") }

    static let all: [IgnoredForm] = [
        IgnoredForm(option: "no-user-config", argument: nil, reason: "Apus reads no configuration of the user's"),
        IgnoredForm(option: "display", argument: "none", reason: "Apus has no display"),
        IgnoredForm(option: "vga", argument: "none", reason: "no machine has a graphics card unless asked for"),
        IgnoredForm(option: "nic", argument: "none", reason: "no machine has a network card unless asked for"),
        IgnoredForm(option: "net", argument: "none", reason: "no machine has a network card unless asked for"),
        IgnoredForm(option: "parallel", argument: "none", reason: "no machine has a parallel port"),
        IgnoredForm(option: "audiodev", argument: "driver=none", reason: "no machine has a sound card"),
        IgnoredForm(option: "name", argument: "debug-threads=on|off", reason: "threads always have names"),
        IgnoredForm(option: "L", argument: "DIR", reason: "Apus has no data files to look for"),
        IgnoredForm(option: "realtime", argument: "mlock=off", reason: "memory is not locked anyway"),
        IgnoredForm(option: "object", argument: "secret,...", reason: "nothing that Apus has uses a secret"),
    ]

    static func contains(_ option: String, _ argument: String) -> Bool {
        all.contains { $0.option == option && $0.argument == argument }
    }
}
