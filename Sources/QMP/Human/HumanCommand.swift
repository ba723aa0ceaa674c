internal import Machine

/// One command of the human monitor, declared once: its names, what stands after it, a line of help and what it does.
///
/// The answer is text with `\n` line ends. What goes wrong is thrown, as a QMP command's error; the monitor shows its
/// sentence.
struct HumanCommand: Sendable {
    let name: String
    /// A second, short name.
    let alias: String?
    /// As help shows it: `/FORMAT ADDRESS`.
    let parameters: String
    let summary: String
    let run: @Sendable (HumanContext, inout HumanArguments) throws -> String

    init(
        _ name: String, or alias: String? = nil, taking parameters: String = "", _ summary: String,
        _ run: @escaping @Sendable (HumanContext, inout HumanArguments) throws -> String
    ) {
        self.name = name
        self.alias = alias
        self.parameters = parameters
        self.summary = summary
        self.run = run
    }

    func isNamed(_ word: String) -> Bool { name == word || alias == word }

    /// `x /FORMAT ADDRESS -- show memory`, as `help` lists it.
    var help: String {
        let names = alias.map { "\(name)|\($0)" } ?? name
        return names + (parameters.isEmpty ? "" : " \(parameters)") + " -- \(summary)\n"
    }
}

/// What a human command works on.
struct HumanContext: Sendable {
    let machine: Machine
    /// Whose registers and page tables count.
    let processor: Int
}
