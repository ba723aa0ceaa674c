internal import Configuration

/// The file of `-readconfig`: options as sections, in QEMU's form.
///
/// ```
///   # a comment
///   [device "disk0"]
///     driver = "virtio-blk-pci"
///     drive = "d0"
/// ```
///
/// is `-device virtio-blk-pci,drive=d0,id=disk0`. The names of sections are those of `OptionGroup`.
struct ConfigurationFile {
    private struct Section {
        let line: Int
        let group: OptionGroup
        var entries: [(key: String, value: String)]
    }

    private let path: String
    private var sections: [Section] = []

    init(path: String, _ readFile: FileReader) throws(CommandLineError) {
        self.path = path
        let text: String
        switch readFile(path) {
        case .success(let content): text = content
        case .failure(let error): throw .unreadable(path: path, reason: error.reason)
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            do throws(CommandLineError) {
                try read(Self.trimmed(line), line: index + 1)
            } catch {
                throw .inFile(path: path, line: index + 1, sentence: error.description)
            }
        }
    }

    /// Carries every section out, as if the options stood in the command line.
    func apply(to draft: inout Draft) throws(CommandLineError) {
        let options = Option.all
        for section in sections {
            guard let option = options.first(where: { $0.names.contains(section.group.option) }) else { continue }
            // A comma in a value is doubled, as for any option.
            let text = section.entries.map { "\($0.key)=\(Self.doublingCommas($0.value))" }.joined(separator: ",")
            do throws(CommandLineError) {
                try option.handle(&draft, text)
            } catch {
                throw .inFile(path: path, line: section.line, sentence: error.description)
            }
        }
    }

    private mutating func read(_ line: Substring, line number: Int) throws(CommandLineError) {
        if line.isEmpty || line.hasPrefix("#") { return }
        if line.hasPrefix("[") { return sections.append(try Self.heading(line, line: number)) }
        guard let equals = line.firstIndex(of: "=") else { throw Self.malformed(line) }
        let key = Self.trimmed(line[..<equals])
        let value = Self.trimmed(line[line.index(after: equals)...])
        guard !key.isEmpty, !key.contains(","), value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"")
        else {
            throw Self.malformed(line)
        }
        guard !sections.isEmpty else {
            throw .conflict("'\(key)' stands in no section; a section begins with its [name].")
        }
        sections[sections.count - 1].entries.append((String(key), String(value.dropFirst().dropLast())))
    }

    /// `[name]` or `[name "id"]`.
    private static func heading(_ line: Substring, line number: Int) throws(CommandLineError) -> Section {
        guard line.hasSuffix("]") else { throw malformed(line) }
        let inside = trimmed(line.dropFirst().dropLast())
        let name = String(inside.prefix { $0 != " " && $0 != "\t" })
        let rest = trimmed(inside.dropFirst(name.count))
        guard let group = OptionGroup.all.first(where: { $0.name == name }) else {
            let nearest = Spelling.nearest(to: name, among: OptionGroup.all.map(\.name))
            throw .conflict(
                "There is no section '\(name)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "."))
        }
        var entries: [(key: String, value: String)] = []
        if !rest.isEmpty {
            guard rest.utf8.count > 2, rest.hasPrefix("\""), rest.hasSuffix("\"") else { throw malformed(line) }
            entries.append(("id", String(rest.dropFirst().dropLast())))
        }
        return Section(line: number, group: group, entries: entries)
    }

    private static func malformed(_ line: Substring) -> CommandLineError {
        .conflict("'\(line)' is neither [name], [name \"id\"] nor key = \"value\".")
    }

    private static func doublingCommas(_ text: String) -> String {
        text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
