import Glibc
import Host
import JSON
import Support
import Testing

/// The built program under `-accel qtest`, launched as qtest's own programs launch it: a test that listens on two unix
/// sockets, and Apus as the client of both.
final class Launch {
    let process: MachineProcess
    let qtest: QTestClient
    let monitor: QMPSocketClient
    private let scratch: TestPipes.Directory

    struct Silence: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter options: what comes between the contract's own options.
    init(_ options: [String] = [], accelerators: [String] = ["-accel", "qtest"]) throws {
        scratch = try TestPipes.Directory()
        let commands = try SocketListener(.unix(path: scratch.file("sock")))
        let monitors = try SocketListener(.unix(path: scratch.file("qmp")))
        process = try MachineProcess(
            MachineProcess.apus,
            [
                "-qtest", "unix:\(scratch.file("sock"))", "-qtest-log", "/dev/null",
                "-chardev", "socket,path=\(scratch.file("qmp")),id=char0", "-mon", "chardev=char0,mode=control",
                "-display", "none",
            ] + options + accelerators)
        // In this order: the test's channel is opened before anything else.
        qtest = QTestClient(try Launch.accept(commands, process))
        monitor = QMPSocketClient(try Launch.accept(monitors, process))
    }

    /// The program's connection, once it comes.
    static func accept(_ listener: SocketListener, _ process: MachineProcess) throws -> FileDescriptor {
        for _ in 0..<600 {
            var query = pollfd(fd: listener.fileDescriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&query, 1, 100)
            if let connection = try listener.accept() { return connection }
            if !process.isRunning { break }
        }
        throw Silence(description: "Nobody came: \(process.errors)")
    }

    /// Ends the program by SIGTERM; its status.
    func terminate() -> Int32? {
        process.signal(SIGTERM)
        return process.outcome(seconds: 30).status
    }
}

/// Runs the program to its end.
func runApus(_ arguments: [String], seconds: Int32 = 30) throws -> MachineProcess.Outcome {
    try MachineProcess.run(MachineProcess.apus, arguments, seconds: seconds)
}

/// The words of a command line, parted by blanks.
func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
