import JSON
import Machine
import QMP
import Support
import Testing

@Suite("A disk that fails, through the monitor")
struct BlockErrorTests {
    private func build(_ file: UnwritableFile, _ words: String = "") throws -> (
        MachineUnderTest, QMPTestClient, MachineDisk
    ) {
        let machine = try MachineUnderTest(
            """
            -m 64 -object iothread,id=io -drive file=\(file.path),if=none,id=d,format=raw\(words) \
            -device virtio-blk-pci,drive=d,iothread=io
            """)
        return (
            machine, QMPTestClient(Monitor(machine.machine)),
            MachineDisk(machine, try #require(machine.virtio(slot: 1)))
        )
    }

    /// Makes a write available, whose answer is not waited for.
    private func write(_ machine: MachineUnderTest, _ disk: MachineDisk) {
        machine.guest.writel(0x11_0000, 1)
        machine.guest.writeq(0x11_0008, 0)
        disk.queue.add([.readable(0x11_0000, 16), .readable(disk.data, 512), .writable(0x11_0100, 1)])
        disk.queue.kick()
    }

    @Test("werror=stop: BLOCK_IO_ERROR, then STOP; io-error; cont tries again; a reset ends it")
    func stop() throws {
        let (machine, client, disk) = try build(UnwritableFile(size: 65536), ",werror=stop")
        write(machine, disk)
        for _ in 0..<3 {
            #expect(machine.wait { machine.machine.runState == .ioError })
            let events = client.take().filter { $0["event"] != "RESUME" }
            #expect(events.map { $0["event"] } == ["BLOCK_IO_ERROR", "STOP"])
            let data = try #require(events.first?["data"])
            #expect(data["device"] == "d" && data["operation"] == "write" && data["action"] == "stop")
            #expect(data["nospace"] == false && data["reason"]?.stringValue?.isEmpty == false)
            let status = client.result("query-status")
            #expect(status?["status"] == "io-error" && status?["running"] == false)
            #expect(client.result("query-block")?.arrayValue?.first?["io-status"] == "failed")
            #expect(disk.queue.usedIndex == 0)
            #expect(client.result("cont") == [:])
        }
        #expect(machine.wait { machine.machine.runState == .ioError })
        #expect(client.result("system_reset") == [:])
        #expect(client.result("query-block")?.arrayValue?.first?["io-status"] == "ok")
        #expect(client.result("cont") == [:])
        machine.settle()
        #expect(machine.machine.runState == .running)
    }

    @Test(
        "By default the guest gets the error, and the client an event",
        arguments: ["", ",werror=report", ",werror=ignore"])
    func report(_ words: String) throws {
        let (machine, client, disk) = try build(UnwritableFile(size: 65536), words)
        write(machine, disk)
        #expect(machine.wait { disk.queue.usedIndex == 1 })
        #expect(machine.guest.readb(0x11_0100) == (words == ",werror=ignore" ? 0 : 1))
        var events: [JSON] = []
        #expect(
            machine.wait {
                events += client.take()
                return !events.isEmpty
            })
        #expect(events.map { $0["event"] } == ["BLOCK_IO_ERROR"])
        #expect(events.first?["data"]?["action"] == (words == ",werror=ignore" ? "ignore" : "report"))
        #expect(machine.machine.runState == .running)
    }
}
