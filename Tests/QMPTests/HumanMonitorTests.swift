import Glibc
import Host
import JSON
import Machine
import Memory
import QMP
import Support
import Testing

@Suite("The human monitor's commands")
struct HumanMonitorTests {
    private let machine: MachineUnderTest
    private let client: QMPTestClient

    init() throws {
        machine = try MachineUnderTest(
            """
            -m 64 -smp 2 -name guest -uuid 12345678-9abc-def0-1234-56789abcdef0 -chardev null,id=spare \
            -blockdev null-co,node-name=n -device pcie-root-port,id=port,chassis=1 \
            -device virtio-blk-pci,id=disk,drive=n,bus=port
            """)
        client = QMPTestClient(Monitor(machine.machine))
    }

    /// A command's text, its line ends made plain.
    private func run(_ line: String, processor: Int? = nil) -> String {
        var arguments: JSON = ["command-line": .string(line)]
        if let processor { arguments = ["command-line": .string(line), "cpu-index": JSON(processor)] }
        let text = client.result("human-monitor-command", arguments)?.stringValue ?? "(no text)"
        #expect(!text.replacing("\r\n", with: "").contains("\n"))
        return text.replacing("\r\n", with: "\n")
    }

    @Test("help lists every command and every subject of info, each in one line")
    func help() {
        let help = run("help")
        for name in [
            "help|?", "info", "stop|s", "cont|c", "system_reset", "system_powerdown", "quit|q", "x ", "xp ", "memsave",
            "pmemsave",
        ] {
            #expect(help.contains("\n\(name)") || help.hasPrefix(name), "\(name)")
        }
        #expect(run("info") == run("help info"))
        for line in run("info").split(separator: "\n") {
            let subject = line.split(separator: " ")[1]
            #expect(run("help info").contains("info \(subject)"))
            #expect(!run("info \(subject)").hasPrefix("Error: There is no"), "\(subject)")
        }
        #expect(run("help stop") == "stop|s -- stop the guest\n")
    }

    @Test("stop, cont and reset drive the machine and are seen in info status")
    func life() {
        #expect(run("info status") == "VM status: running\n")
        #expect(run("stop") == "")
        #expect(run("info status") == "VM status: paused\n")
        #expect(run("c") == "")
        #expect(run("info status") == "VM status: running\n")
        #expect(run("system_reset") == "" && run("system_powerdown") == "")
        #expect(
            machine.events.all == [
                .stop, .resume, .reset(byGuest: false, reason: "host-qmp-system-reset"), .powerdown,
            ])
        #expect(run("quit") == "")
        machine.settle()
        #expect(machine.status == 0)
    }

    @Test("info tells the truth about the machine")
    func information() {
        #expect(run("info version").hasPrefix("7.2.0 (apus-"))
        #expect(run("info name") == "guest\n")
        #expect(run("info uuid") == "12345678-9abc-def0-1234-56789abcdef0\n")
        #expect(run("info kvm") == "kvm support: disabled\n")
        let cpus = run("info cpus", processor: 1).split(separator: "\n")
        #expect(
            cpus.count == 2 && cpus[0].hasPrefix("  CPU #0: thread_id=") && cpus[1].hasPrefix("* CPU #1: thread_id="))
        #expect(run("info chardev") == "spare: filename=null\n")
        #expect(
            run("info block").hasPrefix("n: null-co:// (null-co)\n    Attached to:      /machine/peripheral/disk\n"))
        let pci = run("info pci")
        #expect(pci.contains("  Bus  0, device   0, function 0:\n    Host bridge: PCI device 8086:29c0\n"))
        #expect(pci.contains("      secondary bus 1.\n") && pci.contains("PCI device 1af4:1042\n"))
        #expect(run("info qtree").contains("dev: virtio-blk-pci, id \"disk\"\n"))
        let tree = run("info mtree")
        #expect(tree.contains("  0000000000000000-0000000003ffffff: RAM\n"))
        #expect(tree.contains("  0cf8-0cff: PCI configuration\n"))
        #expect(run("info registers") == "Error: The processors have no registers: qtest runs no guest code.\n")
    }

    @Test("xp shows memory in every notation and size")
    func dump() throws {
        try machine.machine.memory.write((0..<32).map { UInt8($0) }, at: GuestAddress(0x1000))
        try machine.machine.memory.write(Array("Hi\u{1}".utf8) + [0xff], at: GuestAddress(0x2000))
        #expect(run("xp 0x1000") == "0000000000001000: 0x03020100\n")
        #expect(
            run("xp /6xw 0x1000")
                == "0000000000001000: 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c\n0000000000001010: 0x13121110 0x17161514\n"
        )
        #expect(
            run("xp/9xb 4096") == "0000000000001000: 0x00 0x01 0x02 0x03 0x04 0x05 0x06 0x07\n0000000000001008: 0x08\n")
        #expect(run("xp /1xg 0x1008") == "0000000000001008: 0x0f0e0d0c0b0a0908\n")
        #expect(run("xp /2dh 0x1000") == "0000000000001000:    256    770\n")
        #expect(run("xp /1db 0x2003") == "0000000000002003:   -1\n")
        #expect(run("xp /1ub 0x2003") == "0000000000002003:  255\n")
        #expect(run("xp /1ob 0x2003") == "0000000000002003: 0377\n")
        #expect(run("xp /3c 0x2000") == "0000000000002000: 'H' 'i' '\\x01'\n")
        // Without paging, as here, both views are one.
        #expect(run("x /1xw 0x1000") == run("xp /1xw 0x1000"))
        #expect(run("xp /2xg 0xfffffffffffffff8").contains("Cannot access memory"))
        #expect(run("x /2xg 0x3fffff8").contains("Cannot access memory"))
    }

    @Test(
        "What cannot be is answered in a sentence",
        arguments: [
            "frobnicate", "info", "info frobnicate", "x", "xp", "xp /0x 0", "xp /99999999x 0", "xp /5y 0", "xp here",
            "stop now",
            "memsave", "memsave 0", "memsave 0 1", "pmemsave 0 0 /dev/null", "pmemsave 0 0x4000001 /dev/null",
            "pmemsave 0xffffffffffffffff 2 /dev/null", "pmemsave 0 1 /no/such/directory/file", "help frobnicate", "\"",
            "x/ 5",
            "xp /xw",
        ])
    func mistakes(_ line: String) {
        let text = run(line)
        if ["info", "\"", "x/ 5"].contains(line) { return }
        #expect(text.hasPrefix("Error: ") && text.split(separator: "\n").count == 1, "\(text)")
    }

    @Test("memsave and pmemsave write exactly the bytes, for people and for programs")
    func images() throws {
        let scratch = try TestPipes.Directory()
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try machine.machine.memory.write(bytes, at: GuestAddress(0x1ffe))
        func content(_ name: String) throws -> [UInt8] {
            try FileDescriptor.open(scratch.file(name), O_RDONLY).bytes(at: 0, count: 10_000)
        }
        #expect(run("pmemsave 0x1ffe 5000 \(scratch.file("a"))") == "")
        #expect(run("memsave 0x1ffe 5000 \"\(scratch.file("b"))\"") == "")
        #expect(try content("a") == bytes && content("b") == bytes)
        #expect(client.result("pmemsave", ["val": 0x1ffe, "size": 10, "filename": .string(scratch.file("c"))]) == [:])
        #expect(try content("c") == Array(bytes.prefix(10)))
        #expect(
            client.result(
                "memsave", ["val": 0x2000, "size": 3, "filename": .string(scratch.file("d")), "cpu-index": 1]) == [:])
        #expect(try content("d") == Array(bytes[2..<5]))
        #expect(
            client.failure("pmemsave", ["val": 0x4000000, "size": 1, "filename": "/dev/null"])?.errorClass
                == "GenericError")
        #expect(
            client.failure("memsave", ["val": 0, "size": 1, "filename": "/dev/null", "cpu-index": 2])?.errorClass
                == "GenericError")
    }
}

@Suite("The human monitor on a stream")
struct HumanPortTests {
    private let scratch: TestPipes.Directory

    init() throws { scratch = try TestPipes.Directory() }

    /// Somebody at a terminal.
    private final class Terminal {
        private let socket: FileDescriptor
        private let machine: MachineUnderTest

        init(_ path: String, _ machine: MachineUnderTest) throws {
            socket = try Socket.connect(to: .unix(path: path))
            self.machine = machine
        }

        func type(_ text: String) { QMPWire.write(socket.rawValue, Array(text.utf8)) }

        /// Turns the loop until the terminal has shown `text`; everything it showed.
        func shown(_ text: String) -> String {
            var all: [UInt8] = []
            _ = machine.wait {
                all += TestPipes.drain(socket.rawValue)
                return String(decoding: all, as: UTF8.self).hasSuffix(text)
            }
            return String(decoding: all, as: UTF8.self)
        }
    }

    /// Both ends of one machine's stream.
    private func connect(_ words: String) throws -> (MachineUnderTest, MonitorServer, Terminal) {
        let words = words.replacing("@", with: "unix:\(scratch.file("s")),server=on,wait=off")
        let machine = try MachineUnderTest("-m 64 " + words)
        let server = try MonitorServer(machine.machine)
        return (machine, server, try Terminal(scratch.file("s"), machine))
    }

    @Test("It greets, echoes, obeys backspace, answers and prompts")
    func conversation() throws {
        let (machine, server, terminal) = try connect("-monitor @")
        #expect(terminal.shown("(apus) ").contains("monitor - type 'help'"))
        terminal.type("info stax\u{7f}tus\r")
        #expect(
            terminal.shown("(apus) ") == "info stax\u{8} \u{8}tus\r\nVM status: running\r\n(apus) ")
        terminal.type("stop\r\n")
        #expect(terminal.shown("(apus) ") == "stop\r\n(apus) ")
        #expect(machine.events.all == [.stop])
        terminal.type("nonsense\u{15}\u{1b}[A\n")
        #expect(terminal.shown("(apus) ").hasSuffix("\u{8} \u{8}\r\n(apus) "))
        server.close()
    }

    @Test("On mon:, Ctrl-A c switches between console and monitor, and the monitor is silent before that")
    func multiplexed() throws {
        let (machine, server, terminal) = try connect("-serial mon:@")
        machine.settle()
        machine.guest.outb(0x3f8, 0x41)
        #expect(terminal.shown("A") == "A")
        terminal.type("x")
        #expect(machine.wait { machine.guest.inb(0x3fd) & 1 == 1 })
        #expect(machine.guest.inb(0x3f8) == 0x78)
        terminal.type("\u{1}c")
        #expect(terminal.shown("(apus) ").contains("monitor - type 'help'"))
        terminal.type("info kvm\r")
        #expect(terminal.shown("(apus) ") == "info kvm\r\nkvm support: disabled\r\n(apus) ")
        #expect(machine.guest.inb(0x3fd) & 1 == 0)
        terminal.type("\u{1}cy")
        #expect(machine.wait { machine.guest.inb(0x3fd) & 1 == 1 })
        #expect(machine.guest.inb(0x3f8) == 0x79)
        terminal.type("\u{1}c")
        #expect(terminal.shown("(apus) ") == "\r\n(apus) ")
        server.close()
    }

    @Test("A chardev with mux=on carries a console and a monitor too")
    func sharedCharacter() throws {
        let (machine, server, terminal) = try connect(
            "-chardev socket,id=c,path=\(scratch.file("s")),server=on,wait=off,mux=on -serial chardev:c -mon chardev=c,mode=readline"
        )
        machine.settle()
        terminal.type("\u{1}cquit\r")
        #expect(terminal.shown("quit\r\n(apus) ").contains("monitor - type 'help'"))
        machine.settle()
        #expect(machine.status == 0)
        server.close()
    }

    @Test("A terminal that vanishes in the middle of a line leaves the next one a clean line")
    func vanishing() throws {
        let machine = try MachineUnderTest("-m 64 -monitor unix:\(scratch.file("s")),server=on,wait=off")
        let server = try MonitorServer(machine.machine)
        var first: Terminal? = try Terminal(scratch.file("s"), machine)
        _ = first?.shown("(apus) ")
        first?.type("sto")
        _ = first?.shown("sto")
        first = nil
        machine.settle()
        let second = try Terminal(scratch.file("s"), machine)
        _ = second.shown("(apus) ")
        second.type("p\r")
        #expect(second.shown("(apus) ").contains("There is no command 'p'"))
        server.close()
    }
}
