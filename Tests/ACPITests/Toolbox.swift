import ACPI
import Glibc
import Testing

/// The reference implementation's tools, run on tables in a directory that is removed at the end.
final class Toolbox {
    /// What a tool printed, and whether it was content.
    struct Outcome {
        let status: Int32
        let output: String
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let directory: String
    private var files: Set<String> = []

    init() throws {
        var template = Array("/tmp/apus-acpi-XXXXXX".utf8CString)
        // mkdtemp keeps to the template's length.
        let made = unsafe mkdtemp(&template) != nil
        guard made else { throw Failure(description: "No directory can be made in /tmp.") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for file in files {
            unsafe unlink(file)
        }
        unsafe rmdir(directory)
    }

    /// The path of a file which is removed with the directory.
    func path(_ name: String) -> String {
        let path = directory + "/" + name
        files.insert(path)
        return path
    }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = path(name)
        let descriptor = unsafe open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        // The array outlives the call.
        let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count else { throw Failure(description: "\(path) cannot be written.") }
        return path
    }

    func read(_ path: String) throws -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(description: "\(path) cannot be read.") }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            // The array outlives the call.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return contents }
            contents += chunk[..<count]
        }
    }

    /// Runs a tool to its end, with nothing to read from.
    func run(_ tool: String, _ arguments: String...) throws -> Outcome {
        let log = path("output")
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, log, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)

        // The copies live until the tool runs, which has its own from then on.
        let words = unsafe ([tool] + arguments).map { unsafe strdup($0) }
        defer {
            for unsafe word in unsafe words {
                unsafe free(word)
            }
        }
        var process: pid_t = 0
        guard unsafe posix_spawnp(&process, tool, &actions, nil, words + [nil], nil) == 0 else {
            throw Failure(description: "\(tool) cannot be run; install the package acpica-tools.")
        }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure(description: "\(tool) cannot be waited for.") }
        }
        return Outcome(status: status, output: String(decoding: try read(log), as: UTF8.self))
    }
}

extension Toolbox {
    /// Has iasl disassemble a table and compile it again, and returns what came of it.
    ///
    /// Records an issue for anything either run complains about.
    func roundTrip(_ table: [UInt8], _ signature: Signature) throws -> [UInt8] {
        let name = signature.description.lowercased()
        let original = try write(table, to: name + ".dat")
        let source = path(name + ".dsl")
        let disassembly = try run("iasl", "-d", original)
        #expect(disassembly.status == 0, "\(disassembly.output)")
        for complaint in ["Error", "Warning", "External"] {
            #expect(!disassembly.output.contains(complaint), "\(signature): \(disassembly.output)")
        }

        let result = path(name + ".aml")
        // Without optimization iasl writes what the source says, which is what we wrote.
        let compilation = try run("iasl", "-oa", "-p", result, source)
        #expect(compilation.status == 0, "\(compilation.output)")
        #expect(compilation.output.contains(" 0 Errors, 0 Warnings, 0 Remarks"), "\(compilation.output)")
        return try read(result)
    }

    /// Has acpiexec load a definition block and carry out `command`, and returns what it printed.
    ///
    /// Registers read as `registers`, a byte repeated.
    func evaluate(_ command: String, in table: Table, registers: UInt8 = 0) throws -> String {
        let file = try write(table.bytes, to: table.signature.description.lowercased() + ".dat")
        let outcome = try run("acpiexec", "-fv", String(registers), "-b", command, file)
        #expect(outcome.status == 0, "\(outcome.output)")
        for line in outcome.output.split(separator: "\n") {
            // Having shown a device's resources, acpiexec tries to set them, which none of ours can.
            if line == "AcpiSetCurrentResources failed: AE_NOT_FOUND" { continue }
            for complaint in ["AE_", "Error", "Warning", "Could not"] {
                #expect(!line.contains(complaint), "\(command): \(line)")
            }
        }
        return outcome.output
    }
}
