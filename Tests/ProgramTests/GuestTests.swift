import CLinux
import Glibc
import Host
import JSON
import Support
import Testing

@Suite("Our own guests run on KVM")
struct GuestTests {
    /// Where the sources of these tests are, and with them the guests'.
    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

    @Test(
        "The hello guest prints its letter and ends the machine by debug-exit",
        arguments: ["hello-pvh.elf", "hello-elf64.elf", "hello.bzimage"], ["q35", "microvm"])
    func hello(_ guest: String, _ machine: String) throws {
        guard isAccessible("/dev/kvm", R_OK | W_OK) else {
            print("skipped: there is no /dev/kvm that can be used")
            return
        }
        let scratch = try TestPipes.Directory()
        let build = try MachineProcess.run(
            "make", ["-s", "-C", "\(Self.root)/firmware", "OUT=\(scratch.path)", "\(scratch.path)/\(guest)"])
        #expect(build.status == 0, "\(build.errors)")
        let outcome = try runApus(
            [
                "-machine", machine, "-m", "64", "-kernel", scratch.file(guest), "-serial",
                "file:\(scratch.file("out"))",
                "-device", "isa-debug-exit,iobase=0xf4", "-no-reboot", "-display", "none",
            ], seconds: 60)
        #expect(outcome.status == 1, "\(outcome)")
        // A host whose KVM is software says so, in a warning.
        #expect(!outcome.errors.contains("error"), "\(outcome)")
        #expect(TestFile.content(scratch.file("out")) == Array("A".utf8))
    }

    @Test("The qtest socket works beside a guest: ports and memory are reached, time is not the test's")
    func besideGuest() throws {
        guard isAccessible("/dev/kvm", R_OK | W_OK) else {
            print("skipped: there is no /dev/kvm that can be used")
            return
        }
        let scratch = try TestPipes.Directory()
        let build = try MachineProcess.run(
            "make", ["-s", "-C", "\(Self.root)/firmware", "OUT=\(scratch.path)", "\(scratch.path)/hello-pvh.elf"])
        #expect(build.status == 0, "\(build.errors)")
        let launch = try Launch(
            ["-m", "64", "-kernel", scratch.file("hello-pvh.elf"), "-serial", "file:\(scratch.file("out"))"],
            accelerators: ["-accel", "kvm", "-accel", "qtest"])
        #expect(launch.qtest.command("endianness") == "OK little")
        #expect(Patience.wait { TestFile.content(scratch.file("out")) == Array("A".utf8) })
        #expect(launch.qtest.readl(0xb000_0000) == 0x29c0_8086)
        #expect(launch.qtest.command("clock_step 1000")?.hasPrefix("FAIL") == true)
        #expect(launch.monitor.negotiate())
        #expect(launch.monitor.execute("query-kvm")?["enabled"] == true)
        #expect(launch.terminate() == 0)
    }
}
