import Glibc
import Host
import JSON
import Support
import Testing

@Suite("-daemonize and -pidfile")
struct DaemonTests {
    private let scratch: TestPipes.Directory
    private var socket: String { scratch.file("qmp") }
    private var pidFile: String { scratch.file("pid") }

    init() throws { scratch = try TestPipes.Directory() }

    private func launch(_ arguments: [String]) throws -> MachineProcess {
        try MachineProcess(MachineProcess.apus, ["-accel", "qtest", "-m", "64", "-display", "none"] + arguments)
    }

    private var daemonArguments: [String] {
        ["-qmp", "unix:\(socket),server=on,wait=off", "-pidfile", pidFile, "-daemonize"]
    }

    private func recordedProcess() -> Int32? {
        Int32(String(decoding: TestFile.content(pidFile), as: UTF8.self).dropLast())
    }

    @Test("The parent exits once the monitor listens and the pid file holds the daemon's id; SIGTERM removes both")
    func readiness() throws {
        let parent = try launch(daemonArguments)
        #expect(parent.ownStatus() == 0)
        #expect(parent.errors == "" && parent.output == "")
        let daemon = try #require(recordedProcess())
        defer { kill(daemon, SIGKILL) }
        #expect(daemon != parent.identifier && kill(daemon, 0) == 0)
        #expect(getsid(daemon) != getsid(0))
        // No waiting: who listens is there already.
        let monitor = QMPSocketClient(try Socket.connect(to: .unix(path: socket)))
        #expect(monitor.negotiate())
        #expect(monitor.execute("query-status")?["running"] == true)
        for number in 0...2 { #expect(target(of: "/proc/\(daemon)/fd/\(number)") == "/dev/null") }
        #expect(target(of: "/proc/\(daemon)/cwd") == "/")
        kill(daemon, SIGTERM)
        #expect(parent.waitForDescendants())
        #expect(!isAccessible(socket) && !isAccessible(pidFile))
    }

    @Test("What keeps the daemon from becoming ready is said on the parent's standard error, with status 1")
    func failure() throws {
        let parent = try launch(daemonArguments + ["-device", "warp-drive"])
        #expect(parent.ownStatus() == 1)
        #expect(parent.errors == "apus: There is no device 'warp-drive'; -device help lists them.\n")
        #expect(parent.waitForDescendants())
        #expect(!isAccessible(socket) && !isAccessible(pidFile))
    }

    @Test("Relative paths of a daemon are removed at its end")
    func relativePaths() throws {
        let parent = try MachineProcess(
            "/bin/sh",
            [
                "-c",
                "cd \(scratch.path) && exec \(MachineProcess.apus) -accel qtest -m 64 -daemonize -pidfile pid "
                    + "-qmp unix:qmp,server=on,wait=off",
            ])
        #expect(parent.ownStatus() == 0)
        let daemon = try #require(recordedProcess())
        kill(daemon, SIGTERM)
        #expect(parent.waitForDescendants())
        #expect(!isAccessible(socket) && !isAccessible(pidFile))
    }

    @Test("A pid file that is in use is refused and left alone; one of a killed machine is taken over")
    func pidFileInUse() throws {
        let arguments = ["-pidfile", pidFile, "-qmp", "unix:\(socket),server=on,wait=off"]
        let first = try launch(arguments)
        _ = try Patience.connect(socket, first)
        #expect(recordedProcess() == first.identifier)
        let second = try launch(["-pidfile", pidFile]).outcome()
        #expect(second.status == 1)
        #expect(
            second.errors
                == "apus: -pidfile: '\(pidFile)' is locked by another process; each machine needs a file of its own.\n")
        #expect(recordedProcess() == first.identifier)
        first.signal(SIGKILL)
        _ = first.outcome()
        #expect(isAccessible(pidFile))
        let third = try launch(arguments)
        _ = try Patience.connect(socket, third)
        #expect(recordedProcess() == third.identifier)
        third.signal(SIGTERM)
        #expect(third.outcome().status == 0)
        #expect(!isAccessible(pidFile))
    }

    @Test("A pid file where none can be is refused")
    func noPIDFile() throws {
        let outcome = try launch(["-pidfile", "/no/such/directory/pid"]).outcome()
        #expect(outcome.status == 1)
        #expect(outcome.errors == "apus: -pidfile: Cannot write '/no/such/directory/pid': No such file or directory.\n")
    }

    @Test("-name process= is what ps shows")
    func processName() throws {
        let process = try launch([
            "-name", "guest=g,process=my-machine,debug-threads=on", "-qmp", "unix:\(socket),server=on,wait=off",
        ])
        let monitor = QMPSocketClient(try Patience.connect(socket, process))
        #expect(monitor.negotiate())
        #expect(String(decoding: TestFile.content("/proc/\(process.identifier)/comm"), as: UTF8.self) == "my-machine\n")
        let thread = try #require(monitor.execute("query-cpus-fast")?[0]?["thread-id"]?.integerValue)
        let name = String(decoding: TestFile.content("/proc/\(process.identifier)/task/\(thread)/comm"), as: UTF8.self)
        #expect(name.hasPrefix("CPU 0"))
    }

    @Test("-D takes the log, -msg puts the time before its lines, -d adds what the guest does in vain")
    func log() throws {
        let launch = try Launch(["-D", scratch.file("log-%d"), "-msg", "timestamp=on", "-d", "guest_errors,unimp"])
        #expect(launch.qtest.command("outb 0x1234 0x56") == "OK")
        #expect(launch.qtest.command("readl 0xc8000000")?.hasPrefix("OK") == true)
        #expect(launch.terminate() == 0)
        #expect(launch.process.errors == "")
        let lines = String(decoding: TestFile.content(scratch.file("log-\(launch.process.identifier)")), as: UTF8.self)
            .split(separator: "\n")
        #expect(lines.count == 2)
        // 2026-11-24T11:30:00.123456Z is 27 characters.
        #expect(
            lines.map { String($0.dropFirst(28)) } == [
                "apus: guest: Nothing answers a write of 0x56 of 1 bytes at port 0x1234.",
                "apus: guest: Nothing answers a read of 4 bytes at address 0xc8000000.",
            ])
        #expect(lines.allSatisfy { $0.dropFirst(26).first == "Z" && $0.dropFirst(10).first == "T" })
    }

    @Test("A log item that does not exist is refused with those that do")
    func logItem() throws {
        let outcome = try launch(["-d", "guest_errors,in_asm"]).outcome()
        #expect(outcome.status == 1)
        #expect(outcome.errors == "apus: -d cannot be 'in_asm': the items are guest_errors and unimp.\n")
    }

    private func target(of link: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(link, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
