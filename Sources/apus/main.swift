// The executable: the command line in, an exit status out.
internal import CommandLine
internal import Configuration
internal import Glibc
internal import Host
internal import Machine

do {
    switch try CommandLine.parse(Array(Swift.CommandLine.arguments.dropFirst()), readFile: readFile) {
    case .run(let configuration): exit(try Program(configuration).run())
    case let request:
        print(try Help.text(for: request), terminator: "")
        exit(0)
    }
} catch {
    fail("\(error)")
}

/// The text of `-readconfig`'s file. A megabyte is more than anybody writes; whoever names a disk by mistake need not
/// wait.
func readFile(_ path: String) -> Result<String, Unreadable> {
    do throws(Errno) {
        let file = try FileDescriptor.open(path, O_RDONLY | O_NOCTTY)
        let limit = 1 << 20
        let bytes = try file.bytes(at: 0, count: limit + 1)
        guard bytes.count <= limit else { return .failure(Unreadable("it is larger than a megabyte")) }
        return .success(String(decoding: bytes, as: UTF8.self))
    } catch {
        return .failure(Unreadable("\(error)"))
    }
}

/// Ends the program with a sentence for the user.
func fail(_ sentence: String) -> Never {
    var line = "apus: \(sentence)\n"
    _ = line.withUTF8 { unsafe write(2, $0.baseAddress, $0.count) }
    exit(1)
}
