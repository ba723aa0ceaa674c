import Machine
import Support
import Testing

@Suite("A machine is stopped, continued, reset and ended in every state")
struct LifeTests {
    @Test("It runs, rests on stop, and goes on on cont; doing either twice is silent", arguments: TestedBoard.allCases)
    func stopAndGo(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest("\(board.option) -smp 2")
        try machine.machine.resume()
        #expect(machine.events.take() == [])
        machine.machine.stop()
        machine.machine.stop()
        #expect(machine.machine.runState == .paused)
        #expect(machine.events.take() == [.stop])
        try machine.machine.resume()
        try machine.machine.resume()
        #expect(machine.machine.runState == .running)
        #expect(machine.events.take() == [.resume])
    }

    @Test("With -S it waits for the first cont, and can be reset meanwhile", arguments: TestedBoard.allCases)
    func prelaunch(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest("\(board.option) -S")
        #expect(machine.machine.runState == .prelaunch)
        machine.machine.stop()
        #expect(machine.machine.runState == .prelaunch)
        #expect(machine.events.take() == [])
        machine.machine.reset()
        #expect(machine.machine.runState == .prelaunch)
        #expect(machine.events.take() == [.reset(byGuest: false, reason: "host-qmp-system-reset")])
        try machine.machine.resume()
        #expect(machine.machine.runState == .running)
        #expect(machine.events.take() == [.resume])
    }

    @Test("Reset, it runs if it ran and rests if it rested; RAM is zero either way")
    func reset() throws {
        let machine = try MachineUnderTest("-m 64")
        machine.guest.writeq(0x30_0000, 1)
        machine.machine.reset()
        #expect(machine.machine.runState == .running)
        #expect(machine.guest.readq(0x30_0000) == 0)
        machine.machine.stop()
        machine.guest.writeq(0x30_0000, 1)
        _ = machine.events.take()
        machine.machine.reset()
        #expect(machine.machine.runState == .paused)
        #expect(machine.guest.readq(0x30_0000) == 0)
        #expect(machine.events.take() == [.reset(byGuest: false, reason: "host-qmp-system-reset")])
    }

    @Test("RAM that other processes can map is zero after a reset as well")
    func sharedMemory() throws {
        let machine = try MachineUnderTest("-machine q35,mem-share=on -m 3G")
        for address in [UInt64(0x30_0000), 0x7fff_f000, 0x1_0000_0000] { machine.guest.writeq(address, .max) }
        machine.machine.reset()
        for address in [UInt64(0x30_0000), 0x7fff_f000, 0x1_0000_0000] { #expect(machine.guest.readq(address) == 0) }
    }

    @Test("The host's reset of a machine with -no-reboot ends it")
    func noReboot() throws {
        let machine = try MachineUnderTest("-m 64 -no-reboot")
        machine.machine.reset()
        #expect(machine.status == 0)
        #expect(machine.events.all == [.shutdown(byGuest: false, reason: "host-qmp-system-reset")])
    }

    @Test("It ends once, from any state", arguments: ["", "-S"])
    func quit(_ words: String) throws {
        let machine = try MachineUnderTest("-m 64 \(words)")
        machine.machine.quit(reason: "host-qmp-quit")
        machine.machine.quit(reason: "host-signal")
        #expect(machine.status == 0)
        #expect(machine.events.all == [.shutdown(byGuest: false, reason: "host-qmp-quit")])
        machine.tearDown()
    }

    @Test("A request of a guest that was reset meanwhile is forgotten")
    func staleRequest() throws {
        let machine = try MachineUnderTest("-m 64")
        machine.guest.outb(0xcf9, 0x06)
        machine.machine.reset()
        _ = machine.events.take()
        machine.settle()
        #expect(machine.events.all == [])
        // And a new one is not.
        machine.guest.outb(0xcf9, 0x06)
        machine.settle()
        #expect(machine.events.all == [.reset(byGuest: true, reason: "guest-reset")])
    }

    @Test("A hundred resets in a row leave a machine that works", arguments: TestedBoard.allCases)
    func manyResets(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest(
            """
            \(board.option) -blockdev null-co,node-name=a,size=1M,read-zeroes=on -object iothread,id=t \
            -device virtio-blk-\(board.suffix),drive=a,iothread=t
            """)
        for _ in 0..<100 {
            // With a request on its way.
            let disk = MachineDisk(machine, try #require(machine.firstVirtio(on: board.rawValue)))
            disk.queue.add([.readable(0x11_0000, 16), .writable(disk.data, 512), .writable(0x11_0100, 1)])
            disk.queue.kick()
            machine.machine.reset()
        }
        let disk = MachineDisk(machine, try #require(machine.firstVirtio(on: board.rawValue)))
        #expect(disk.read(sector: 0, count: 512) == [UInt8](repeating: 0, count: 512))
    }
}
