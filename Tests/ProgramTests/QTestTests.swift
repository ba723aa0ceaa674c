import Glibc
import Host
import JSON
import Support
import Testing

@Suite("The program under -accel qtest keeps the contract of qtest's programs")
struct QTestTests {
    @Test("It connects to both sockets, answers before its greeting is read, and ends with status 0 by SIGTERM")
    func contract() throws {
        let launch = try Launch()
        #expect(launch.qtest.command("endianness") == "OK little")
        #expect(launch.monitor.negotiate())
        #expect(launch.monitor.execute("query-status") == ["running": true, "singlestep": false, "status": "running"])
        #expect(launch.qtest.command("clock_step 0") == "OK 0")
        #expect(launch.terminate() == 0)
        #expect(launch.process.errors == "")
        #expect(launch.process.output == "")
    }

    @Test("quit ends it with status 0, its reply and the SHUTDOWN event first")
    func quit() throws {
        let launch = try Launch()
        #expect(launch.monitor.negotiate())
        #expect(launch.monitor.execute("quit") == [:])
        #expect(launch.monitor.event("SHUTDOWN")?["guest"] == false)
        #expect(launch.monitor.next() == nil)
        #expect(launch.process.outcome().status == 0)
    }

    @Test(
        "Options may come repeated and in any order",
        arguments: [
            ["-M", "q35", "-M", "graphics=off"], ["-machine", "pc"], [],
            [
                "-device", "virtio-blk-pci,drive=d", "-blockdev", "null-co,node-name=d", "-machine", "microvm",
                "-machine", "q35",
            ],
        ])
    func options(_ options: [String]) throws {
        let launch = try Launch(options)
        #expect(launch.qtest.command("endianness") == "OK little")
        let bus = PCIGuestBus(PCIGuestPorts(launch.qtest))
        #expect(bus.function(0, 0).device == 0x29c0)
        #expect(launch.terminate() == 0)
    }

    @Test(
        "-accel may name several: the first that works here is taken, and without a kernel that is not kvm",
        arguments: ["tcg", "kvm"])
    func accelerators(_ other: String) throws {
        let launch = try Launch(accelerators: ["-accel", other, "-accel", "qtest"])
        #expect(launch.qtest.command("endianness") == "OK little")
        #expect(launch.terminate() == 0)
    }

    @Test("Ports, memory, time and interrupts are the test's")
    func everything() throws {
        let scratch = try TestPipes.Directory()
        let launch = try Launch(["-m", "64", "-serial", "file:\(scratch.file("out"))"])
        let qtest = launch.qtest
        #expect(qtest.inb(0x3fd) & 0x20 != 0)
        #expect(qtest.readl(0xb000_0000) == 0x29c0_8086)
        qtest.write([1, 2, 3], at: 0x10_0000)
        #expect(qtest.bytes(at: 0x10_0000, count: 4) == [1, 2, 3, 0])
        #expect(qtest.readq(0x5_0000_0000) == .max)
        #expect(qtest.command("irq_intercept_in ioapic") == "OK")
        // The RTC's periodic interrupt, 2 Hz.
        for (index, value) in [(UInt8(0x0a), UInt8(0x2f)), (0x0b, 0x42)] {
            qtest.outb(0x70, index)
            qtest.outb(0x71, value)
        }
        #expect(qtest.command("clock_step 1000000000") == "OK 1000000000")
        #expect(qtest.takeInterrupts().count { $0 == "raise 8" } >= 2)
        qtest.outb(0x3f8, 0x41)
        #expect(TestFile.content(scratch.file("out")) == [0x41])
        #expect(launch.terminate() == 0)
    }

    @Test("A disk is read by a driver in another process")
    func disk() throws {
        let launch = try Launch(
            words(
                """
                -machine microvm -m 64 -object iothread,id=t -blockdev null-co,node-name=n,size=1M,read-zeroes=on \
                -device virtio-blk-device,drive=n,iothread=t
                """
            ))
        let guest = launch.qtest
        let device = VirtioGuestMMIO(guest, at: MachinePlaces.virtioMMIO)
        #expect(device.deviceID == 2)
        device.negotiate(device.deviceFeatures)
        let queue = VirtioGuestQueue(device, size: 8, at: 0x10_0000)
        device.start()
        guest.write([UInt8](repeating: 0, count: 16), at: 0x11_0000)
        guest.write([UInt8](repeating: 0xee, count: 513), at: 0x12_0000)
        queue.add([.readable(0x11_0000, 16), .writable(0x12_0000, 513)])
        queue.kick()
        var used: (head: UInt16, written: UInt32)?
        for _ in 0..<1000 where used == nil { used = queue.takeUsed() }
        #expect(used?.written == 513)
        #expect(guest.bytes(at: 0x12_0000, count: 513) == [UInt8](repeating: 0, count: 513))
        #expect(launch.terminate() == 0)
    }

    @Test("A guest's reset is told and leaves the channel open; its power-off ends the program with status 0")
    func power() throws {
        let launch = try Launch()
        #expect(launch.monitor.negotiate())
        launch.qtest.outb(0xcf9, 0x06)
        #expect(launch.monitor.event("RESET") == ["guest": true, "reason": "guest-reset"])
        #expect(launch.qtest.command("endianness") == "OK little")
        launch.qtest.send("outw 0x604 0x2000")
        #expect(launch.monitor.event("SHUTDOWN") == ["guest": true, "reason": "guest-shutdown"])
        #expect(launch.process.outcome().status == 0)
    }

    @Test("isa-debug-exit's status is the program's")
    func debugExit() throws {
        let launch = try Launch(["-device", "isa-debug-exit,iobase=0xf4"])
        launch.qtest.send("outb 0xf4 0x10")
        #expect(launch.process.outcome().status == 33)
    }

    @Test("Apus may be the server of the channel, for one test after the other, and log what is said")
    func server() throws {
        let scratch = try TestPipes.Directory()
        let path = scratch.file("sock")
        let process = try MachineProcess(
            MachineProcess.apus,
            ["-accel", "qtest", "-qtest", "unix:\(path),server=on,wait=off", "-qtest-log", scratch.file("log")])
        for _ in 0..<3 {
            let client = QTestClient(try Patience.connect(path, process))
            #expect(client.command("endianness") == "OK little")
        }
        process.signal(SIGTERM)
        #expect(process.outcome().status == 0)
        let log = String(decoding: TestFile.content(scratch.file("log")), as: UTF8.self)
        #expect(log.contains("endianness") && log.contains("OK little"))
        #expect(!isAccessible(path))
    }

    @Test("A wait for a client ends by SIGTERM", arguments: ["-qtest", "-qmp", "-serial"])
    func waiting(_ option: String) throws {
        let scratch = try TestPipes.Directory()
        let path = scratch.file("sock")
        let process = try MachineProcess(
            MachineProcess.apus, ["-accel", "qtest", option, "unix:\(path),server=on,wait=on"])
        // It waits once its socket is there.
        #expect(Patience.wait { isAccessible(path) || !process.isRunning })
        process.signal(SIGTERM)
        let outcome = process.outcome(seconds: 30)
        #expect(outcome.status != nil)
        #expect(!isAccessible(path))
    }

    @Test("A test that hangs up leaves the machine alone")
    func hangUp() throws {
        let scratch = try TestPipes.Directory()
        let listener = try SocketListener(.unix(path: scratch.file("sock")))
        let process = try MachineProcess(
            MachineProcess.apus,
            [
                "-accel", "qtest", "-qtest", "unix:\(scratch.file("sock"))", "-qmp",
                "unix:\(scratch.file("qmp")),server=on,wait=off",
            ])
        do {
            let client = QTestClient(try Launch.accept(listener, process))
            #expect(client.command("endianness") == "OK little")
            client.send("read 0 0x1000")
        }
        let monitor = QMPSocketClient(try Patience.connect(scratch.file("qmp"), process))
        #expect(monitor.negotiate())
        #expect(monitor.execute("query-status")?["running"] == true)
        #expect(monitor.execute("quit") == [:])
        #expect(process.outcome().status == 0)
    }
}
