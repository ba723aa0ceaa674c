import Host
import Machine
import Support
import Testing

@Suite("Limits of disks hold in whole machines, by the machine's own time")
struct ThrottlingTests {
    private static let second: UInt64 = 1_000_000_000

    /// Keeps 8 reads in flight until the machine's clock stands at `end`; how many were answered.
    private func load(_ machine: MachineUnderTest, _ disk: MachineDisk, until end: UInt64) -> Int {
        var answered = 0
        var inFlight = 0
        let clock = machine.machine.clock
        while true {
            while inFlight < 4 {
                disk.queue.add([.readable(0x11_0000, 16), .writable(disk.data, 512), .writable(0x11_0100, 1)])
                inFlight += 1
            }
            disk.queue.kick()
            // All that may go now has gone when nothing but the clock is left to wait for.
            var idle = 0
            while inFlight > 0, idle < 20 {
                if disk.queue.takeUsed() != nil {
                    answered += 1
                    inFlight -= 1
                    idle = 0
                } else {
                    machine.loop.turn(timeout: 1)
                    idle += 1
                }
            }
            guard inFlight > 0 else { continue }
            guard clock.now < end else { return answered }
            clock.advance(to: min(end, clock.nextDeadline ?? end))
        }
    }

    private func disk(_ words: String) throws -> (MachineUnderTest, MachineDisk) {
        let machine = try MachineUnderTest("-machine microvm -m 64 \(words)")
        machine.guest.writel(0x11_0000, 0)
        machine.guest.writeq(0x11_0008, 0)
        return (machine, MachineDisk(machine, machine.virtio(window: 0)))
    }

    @Test("A -drive with throttling.iops-total keeps it")
    func drive() throws {
        let file = TemporaryFile(size: 65536)
        let (machine, disk) = try disk("-drive file=\(file.path),format=raw,if=virtio,throttling.iops-total=20")
        let answered = load(machine, disk, until: 2 * Self.second)
        #expect((40...44).contains(answered), "\(answered)")
    }

    @Test("A pause sends what waits, so that nothing is on its way, and loses nothing")
    func pause() throws {
        let (machine, disk) = try disk(
            """
            -object throttle-group,id=g,x-iops-total=10 -blockdev null-co,node-name=n,size=1M,read-zeroes=on \
            -blockdev throttle,node-name=t,throttle-group=g,file=n -device virtio-blk-device,drive=t
            """)
        for _ in 0..<5 {
            disk.queue.add([.readable(0x11_0000, 16), .writable(disk.data, 512), .writable(0x11_0100, 1)])
        }
        disk.queue.kick()
        #expect(machine.wait { disk.queue.usedIndex == 2 })
        machine.machine.stop()
        #expect(disk.queue.usedIndex == 5)
        try machine.machine.resume()
        machine.machine.clock.advance(to: 10 * Self.second)
        machine.settle()
        #expect(disk.queue.usedIndex == 5)
    }

    @Test(
        "Limits that make no sense are refused in a sentence",
        arguments: [
            ("-drive file=/dev/null,throttling.iops-total-max=5", "'iops-total-max' needs 'iops-total'."),
            ("-object throttle-group,id=g,x-bps-total=5,x-bps-read=5", "exclude each other."),
            (
                "-blockdev null-co,node-name=n -blockdev throttle,node-name=t,throttle-group=g,file=n",
                "There is no throttle group 'g'; -blockdev node-name=t needs -object throttle-group,id=g."
            ),
        ])
    func refusals(_ words: String, _ sentence: String) {
        let file = TemporaryFile(size: 512)
        let words = words.replacing("/dev/null", with: file.path)
        #expect(MachineUnderTest.refusal(words)?.hasSuffix(sentence) == true)
    }
}
