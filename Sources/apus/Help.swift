internal import CommandLine
internal import Configuration
internal import Machine
internal import QMP

/// What `-h`, `-version`, `-device help` and their kin print. All of it comes from the declarations that the program
/// itself works with.
enum Help {
    static func text(for request: Invocation) throws -> String {
        switch request {
        case .run: return ""
        case .help: return CommandLine.help(program: "apus")
        case .version: return "Apus \(apusVersion)\n"
        case .machineHelp:
            return list("Machines:", MachineBuilder.types.flatMap { type in
                [(type.name, type.summary)] + type.aliases.map { ($0, "alias of \(type.name)") }
            })
        case .machinePropertiesHelp(let name):
            let type = try MachineBuilder.type(named: name)
            return section("\(type.name) options:", type.schema.help)
        case .acceleratorHelp: return list("Accelerators:", Accelerator.help)
        case .cpuHelp: return list("Processors:", [("host", "the host's processor, as far as the accelerator gives it")])
        case .deviceHelp: return list("Devices:", Catalog.models.map { ($0.name, $0.summary) })
        case .devicePropertiesHelp(let driver):
            let model = try Catalog.model(named: driver)
            return section("\(model.name) options:", model.schema.help)
        case .objectHelp: return list("Objects:", ObjectType.all.map { ($0.name, $0.summary) })
        case .objectPropertiesHelp(let name):
            guard let type = ObjectType.named(name) else {
                throw MachineError.unknown(
                    kind: "object type", name: name,
                    nearest: Spelling.nearest(to: name, among: ObjectType.all.map(\.name)), hint: "-object help lists them")
            }
            return section("\(type.name) options:", type.schema.help)
        case .networkBackendHelp: return "No network back end is supported yet.\n"
        case .characterHelp: return CommandLine.characterHelp
        case .logHelp: return list("Log items:", LogItem.allCases.map { ($0.rawValue, $0.summary) })
        }
    }

    private static func section(_ title: String, _ lines: [String]) -> String {
        ([title] + (lines.isEmpty ? ["  (none)"] : lines)).joined(separator: "\n") + "\n"
    }

    /// A list of names with their summaries in a column.
    private static func list(_ title: String, _ rows: [(name: String, summary: String)]) -> String {
        let width = rows.map(\.name.utf8.count).max() ?? 0
        return section(title, rows.map { row in
            "  " + row.name + String(repeating: " ", count: width - row.name.utf8.count + 2) + row.summary
        })
    }
}
