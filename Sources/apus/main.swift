// The executable: the command line in, an exit status out.
internal import CommandLine
internal import Configuration
internal import Glibc
internal import Machine

do {
    switch try CommandLine.parse(Array(Swift.CommandLine.arguments.dropFirst())) {
    case .run(let configuration): exit(try Program(configuration).run())
    case let request:
        print(try Help.text(for: request), terminator: "")
        exit(0)
    }
} catch {
    fail("\(error)")
}

/// Ends the program with a sentence for the user.
func fail(_ sentence: String) -> Never {
    var line = "apus: \(sentence)\n"
    _ = line.withUTF8 { unsafe write(2, $0.baseAddress, $0.count) }
    exit(1)
}
