import Glibc
import Host
import JSON
import Support
import Testing

@Suite("No client of the program ends it")
struct MonitorTests {
    private let scratch: TestPipes.Directory
    private let process: MachineProcess
    private var path: String { scratch.file("qmp") }

    init() throws {
        scratch = try TestPipes.Directory()
        process = try MachineProcess(
            MachineProcess.apus,
            ["-accel", "qtest", "-m", "64", "-qmp", "unix:\(scratch.file("qmp")),server=on,wait=off"])
    }

    private func connect() throws -> QMPSocketClient { QMPSocketClient(try Patience.connect(path, process)) }

    private func checkItLives() throws {
        let monitor = try connect()
        #expect(monitor.negotiate())
        #expect(monitor.execute("query-status")?["running"] == true)
        #expect(monitor.execute("quit") == [:])
        #expect(process.outcome().status == 0)
        #expect(process.errors == "")
    }

    @Test("Garbage gets errors")
    func garbage() throws {
        do {
            let monitor = try connect()
            monitor.send("\u{0}\u{1}{{{]]]\n\n'\"\n{\"execute\":}\n")
            #expect(monitor.reply()?["QMP"] != nil)
            #expect(monitor.reply()?["error"] != nil)
        }
        try checkItLives()
    }

    @Test("Hanging up at any time is taken as it is")
    func vanishing() throws {
        for text in [
            "", "{", #"{"execute":"qmp_capabilities"}{"execute":"query-qmp-schema"}"#,
            #"{"execute":"qmp_capabilities"}{"execute":"query-qmp-schema"}{"ex"#,
        ] {
            for _ in 0..<5 { try connect().send(text) }
        }
        try checkItLives()
    }

    @Test("The socket's file is removed at the end")
    func file() throws {
        _ = try connect()
        #expect(isAccessible(path))
        process.signal(SIGINT)
        #expect(process.outcome().status == 0)
        #expect(!isAccessible(path))
    }

    @Test("A socket that a killed program left is taken over; one that is in use is not")
    func leftover() throws {
        _ = try connect()
        let second = try runApus(["-accel", "qtest", "-qmp", "unix:\(path),server=on,wait=off"])
        #expect(second.status == 1)
        #expect(second.errors.contains("another process listens there"))
        process.signal(SIGKILL)
        #expect(process.outcome().status == 128 + SIGKILL)
        #expect(isAccessible(path))
        let third = try MachineProcess(
            MachineProcess.apus, ["-accel", "qtest", "-qmp", "unix:\(path),server=on,wait=off"])
        let monitor = QMPSocketClient(try Patience.connect(path, third))
        #expect(monitor.negotiate())
        #expect(monitor.execute("quit") == [:])
        #expect(third.outcome().status == 0)
    }
}
