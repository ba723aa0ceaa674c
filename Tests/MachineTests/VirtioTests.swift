import Machine
import Support
import Testing

@Suite("Virtio devices work in whole machines")
struct VirtioTests {
    @Test(
        "A disk is read, written and flushed, on a thread of its own and on the shared one",
        arguments: TestedBoard.allCases, [true, false])
    func disk(_ board: TestedBoard, hasThread: Bool) throws {
        let scratch = try TestPipes.Directory()
        try scratch.makeImage("disk", megabytes: 2)
        let thread = hasThread ? "-object iothread,id=t" : ""
        let machine = try MachineUnderTest(
            """
            \(board.option) \(thread) -drive file=\(scratch.file("disk")),format=raw,if=none,id=d \
            -device virtio-blk-\(board.suffix),drive=d,serial=APUS\(hasThread ? ",iothread=t" : "")
            """)
        let disk = MachineDisk(machine, try #require(machine.firstVirtio(on: board.rawValue)))
        #expect(disk.size == 2 << 20)
        #expect(disk.identity() == "APUS")
        let sectors = try #require(disk.read(sector: 300, count: 2048))
        for sector in 0..<4 {
            #expect(Int(sectors[sector * 512]) + Int(sectors[sector * 512 + 1]) << 8 == 300 + sector)
        }
        let pattern = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(disk.write(pattern, sector: 16))
        #expect(disk.flush())
        #expect(Array(scratch.content(of: "disk")[8192..<8192 + 4096]) == pattern)
        #expect(disk.read(sector: 16, count: 4096) == pattern)
        // Past the end.
        #expect(disk.read(sector: 4096, count: 512) == nil)
        #expect(disk.transport.needsReset == false)
    }

    @Test("Entropy fills the buffer", arguments: TestedBoard.allCases)
    func entropy(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest("\(board.option) -device virtio-rng-\(board.suffix)")
        let device = try #require(machine.firstVirtio(on: board.rawValue))
        device.negotiate(device.deviceFeatures)
        let queue = VirtioGuestQueue(device, size: 8, at: 0x10_0000)
        device.start()
        queue.add([.writable(0x20_0000, 64)])
        queue.kick()
        var written: UInt32?
        #expect(
            machine.wait {
                written = written ?? queue.takeUsed()?.written
                return written != nil
            })
        #expect(written == 64)
        #expect(machine.guest.bytes(at: 0x20_0000, count: 64) != [UInt8](repeating: 0, count: 64))
    }

    @Test(
        "A device with a malformed ring asks for a reset; its neighbour goes on, and the reset helps",
        arguments: TestedBoard.allCases)
    func malformed(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest(
            """
            \(board.option) -object iothread,id=t -blockdev null-co,node-name=a,size=1M,read-zeroes=on \
            -blockdev null-co,node-name=b,size=1M,read-zeroes=on \
            -device virtio-blk-\(board.suffix),drive=a,iothread=t -device virtio-blk-\(board.suffix),drive=b,iothread=t
            """)
        let bad: any VirtioGuestTransport
        let good: any VirtioGuestTransport
        if board == .q35 {
            bad = try #require(machine.virtio(slot: 1))
            good = try #require(machine.virtio(slot: 2))
        } else {
            bad = machine.virtio(window: 0)
            good = machine.virtio(window: 1)
        }
        let neighbour = MachineDisk(machine, good, place: 1)
        let victim = MachineDisk(machine, bad)
        // A chain that bites its own tail.
        victim.queue.setDescriptor(0, 0x20_0000, 16, VirtioGuestQueue.next, next: 0)
        victim.queue.makeAvailable(0)
        victim.queue.kick()
        #expect(machine.wait { bad.needsReset })
        #expect(neighbour.read(sector: 1, count: 512) == [UInt8](repeating: 0, count: 512))
        #expect(!good.needsReset)
        #expect(machine.machine.runState == .running)
        let cured = MachineDisk(machine, bad)
        #expect(!bad.needsReset)
        #expect(cured.read(sector: 1, count: 512) == [UInt8](repeating: 0, count: 512))
    }

    @Test("A disk whose machine rests does nothing until it goes on", arguments: TestedBoard.allCases)
    func pause(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest(
            """
            \(board.option) -blockdev null-co,node-name=a,size=1M,read-zeroes=on \
            -device virtio-blk-\(board.suffix),drive=a
            """)
        let disk = MachineDisk(machine, try #require(machine.firstVirtio(on: board.rawValue)))
        #expect(disk.read(sector: 0, count: 512) != nil)
        let used = disk.queue.usedIndex
        machine.machine.stop()
        machine.guest.writel(0x11_0000, 0)
        disk.queue.add([.readable(0x11_0000, 16), .writable(disk.data, 512), .writable(0x11_0100, 1)])
        disk.queue.kick()
        machine.settle()
        #expect(disk.queue.usedIndex == used)
        try machine.machine.resume()
        #expect(machine.wait { disk.queue.usedIndex == used &+ 1 })
    }

    @Test("A drive that no device names becomes a disk, as if=virtio does", arguments: TestedBoard.allCases)
    func drives(_ board: TestedBoard) throws {
        let scratch = try TestPipes.Directory()
        try scratch.makeImage("disk", megabytes: 1)
        for form in ["", ",if=virtio"] {
            let machine = try MachineUnderTest("\(board.option) -drive file=\(scratch.file("disk")),format=raw\(form)")
            let disk = MachineDisk(machine, try #require(machine.firstVirtio(on: board.rawValue)))
            #expect(disk.read(sector: 7, count: 512)?.first == 7)
        }
    }
}
