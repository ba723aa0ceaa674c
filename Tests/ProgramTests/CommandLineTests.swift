import Glibc
import Host
import Support
import Testing

@Suite("A command line that cannot be is refused at once")
struct CommandLineTests {
    /// Arguments, and what their sentence names. `@` stands for the scratch directory.
    static let refusals: [(arguments: String, named: String)] = [
        ("-kernel @/missing", "-kernel"), ("-kernel @", "-kernel"), ("-kernel @/truncated", "-kernel"),
        ("-kernel @/text", "-kernel"), ("-kernel @/empty", "-kernel"), ("-kernel @/half-elf", "-kernel"),
        ("-kernel @/hello.elf -initrd @/missing", "-kernel"), ("-initrd @/text", "-initrd"),
        ("-append quiet", "-append"),
        ("-smp 0", "-smp"), ("-smp 10000", "-smp"), ("-smp 255", "-smp"), ("-smp -3", "-smp"),
        ("-smp 3,sockets=2", "-smp"),
        ("-m 0", "-m"), ("-m 1", "-m"), ("-m 9999999P", "-m"), ("-m 4P", "-m"), ("-m lots", "-m"),
        ("-kernal x", "-kernal"), ("--frobnicate", "--frobnicate"), ("-machine pdp11", "pdp11"),
        ("-machine q35,frobnicate=on", "-machine"), ("-machine q35,hpet=perhaps", "hpet"), ("-accel warp", "-accel"),
        ("-cpu 8086", "-cpu"), ("-device", "-device"), ("-device warp-drive", "warp-drive"),
        ("-device virtio-rng-pci,speed=9", "speed"),
        ("-device virtio-rng-pci,period=often", "period"), ("-device virtio-rng-pci,addr=zz", "virtio-rng-pci"),
        ("-device virtio-rng-pci,addr=0", "virtio-rng-pci"), ("-device virtio-blk-pci", "drive"),
        ("-device virtio-blk-pci,drive=none", "none"),
        ("-device {\"driver\":", "-device"), ("-device {\"driver\":\"virtio-rng-pci\",\"period\":[]}", "period"),
        ("-blockdev {}", "-blockdev"), ("-blockdev {\"driver\":\"raw\"", "-blockdev"),
        ("-blockdev {\"driver\":\"warp\",\"node-name\":\"n\"}", "warp"), ("-object warp,id=o", "warp"),
        ("-object iothread", "id"),
        ("-drive file=@/missing,format=raw,if=none,id=d", "-drive"),
        ("-drive file=@,format=raw,if=none,id=d", "-drive"),
        ("-drive file=@/text,format=qcow3,if=none,id=d", "-drive"), ("-drive if=none,id=d", "-drive"),
        ("-blockdev driver=file,filename=@/missing,node-name=n", "-blockdev"),
        ("-qmp unix:@/no/such/directory/qmp,server=on,wait=off", "monitor"), ("-qmp unix:@/nobody", "monitor"),
        ("-qmp unix:,server=on,wait=off", "-qmp"), ("-qmp tcp:localhost:99999,server=on,wait=off", "-qmp"),
        ("-qmp unix:@/text,server=on,wait=off", "monitor"), ("-mon chardev=missing,mode=control", "missing"),
        ("-serial file:@/no/such/directory/out", "serial"), ("-serial chardev:missing", "missing"),
        ("-chardev socket,id=c", "-chardev"), ("-chardev warp,id=c", "-chardev"),
        ("-qtest unix:@/nobody", "-qtest"), ("-qtest null", "-qtest"),
        ("-qtest unix:@/q,server=on,wait=off -qtest-log @/no/such/directory/log", "-qtest-log"),
        ("-rtc base=yesterday", "-rtc"), ("-uuid 1234", "-uuid"), ("-bios @/text", "-bios"),
        ("-netdev user,id=n", "-netdev"),
        ("disk.img", "disk.img"),
    ]

    @Test("One sentence on standard error, nothing on standard output, status 1", arguments: refusals)
    func refusal(_ arguments: String, _ named: String) throws {
        let scratch = try CommandLineTests.scratch()
        let all = arguments.split(separator: " ").map { String($0.replacing("@", with: scratch.path)) }
        try check(["-accel", "qtest"] + all, names: named)
    }

    @Test("Without anything to boot, a machine for guests is refused")
    func nothingToBoot() throws {
        try check(["-accel", "kvm"], names: "-kernel")
    }

    @Test("A file that may only be read is no disk to write, and may be a read-only one")
    func readOnlyDisk() throws {
        let scratch = try TestPipes.Directory()
        let path = scratch.file("disk")
        try TestFile.write([UInt8](repeating: 0, count: 4096), to: path)
        #expect(unsafe chmod(path, 0o400) == 0)
        // Root writes whatever the mode says, except to what is immutable, where the file system knows of that.
        let change = geteuid() == 0 ? try MachineProcess.run("chattr", ["+i", path]) : nil
        let isImmutable = change?.status == 0
        defer { if isImmutable { _ = try? MachineProcess.run("chattr", ["-i", path]) } }
        guard (try? FileDescriptor.open(path, O_RDWR)) == nil else {
            print("skipped: root can write every file here, and chattr +i does not work on this file system")
            return
        }
        try check(["-accel", "qtest", "-drive", "file=\(path),format=raw,if=none,id=d"], names: "-drive")
        let process = try MachineProcess(
            MachineProcess.apus,
            [
                "-accel", "qtest", "-drive", "file=\(path),format=raw,readonly=on", "-qmp",
                "unix:\(scratch.file("q")),server=on,wait=off",
            ])
        let monitor = QMPSocketClient(try Patience.connect(scratch.file("q"), process))
        #expect(monitor.negotiate())
    }

    @Test("A disk that another machine has is refused")
    func lockedDisk() throws {
        let scratch = try TestPipes.Directory()
        let path = scratch.file("disk")
        try TestFile.write([UInt8](repeating: 0, count: 4096), to: path)
        let disk = ["-drive", "file=\(path),format=raw,if=none,id=d"]
        let first = try Launch(disk)
        #expect(first.qtest.command("endianness") == "OK little")
        try check(["-accel", "qtest"] + disk, names: "-drive")
        #expect(first.terminate() == 0)
    }

    /// Expects one sentence that names `name`.
    private func check(_ arguments: [String], names name: String) throws {
        let outcome = try runApus(arguments)
        let described = "\(arguments): \(outcome)"
        #expect(outcome.status == 1, "\(described)")
        #expect(outcome.output == "", "\(described)")
        #expect(outcome.errors.hasPrefix("apus: "), "\(described)")
        #expect(outcome.errors.split(separator: "\n", omittingEmptySubsequences: false).count == 2, "\(described)")
        let sentence = outcome.errors.dropLast()
        #expect(sentence.hasSuffix(".") || sentence.hasSuffix("?"), "\(described)")
        #expect(sentence.contains(name), "\(described)")
    }

    /// Files that are not what they are said to be.
    private static func scratch() throws -> TestPipes.Directory {
        let scratch = try TestPipes.Directory()
        try TestFile.write(Array("This is no kernel.\n".utf8), to: scratch.file("text"))
        try TestFile.write([], to: scratch.file("empty"))
        // A bzImage's boot sector, and nothing after it.
        var sector = [UInt8](repeating: 0, count: 1024)
        sector[0x1f1] = 4
        sector[0x1fe...0x1ff] = [0x55, 0xaa]
        sector[0x202...0x205] = [0x48, 0x64, 0x72, 0x53]
        sector[0x206...0x207] = [0x0f, 0x02]
        sector[0x211] = 1
        try TestFile.write(sector, to: scratch.file("truncated"))
        try TestFile.write(Array("\u{7f}ELF".utf8) + [2, 1, 1, 0], to: scratch.file("half-elf"))
        try TestFile.write(Array("\u{7f}ELF".utf8) + [2, 1, 1, 0], to: scratch.file("hello.elf"))
        return scratch
    }
}
