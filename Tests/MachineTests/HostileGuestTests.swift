import Bus
import Host
import Machine
import Support
import Testing

@Suite("Whatever a guest does to its devices, the machine goes on")
struct HostileGuestTests {
    private static let devices =
        """
        -no-shutdown -smp 2 -serial null -serial null -object iothread,id=t -blockdev null-co,node-name=a,size=1M \
        -blockdev null-co,node-name=b,size=1M -chardev null,id=c -device isa-debugcon,chardev=c
        """

    private static func words(_ board: TestedBoard) -> String {
        let disks =
            """
            -device virtio-blk-\(board.suffix),drive=a,iothread=t,num-queues=2 \
            -device virtio-blk-\(board.suffix),drive=b
            """
        let port = board == .q35 ? "-device pcie-root-port,id=p,chassis=1 -device virtio-rng-pci,bus=p" : ""
        return "\(board.option) \(devices) \(disks) -device virtio-rng-\(board.suffix) \(port)"
    }

    /// An access somewhere a device may be: near a register that is known, or anywhere.
    private static func address(_ board: TestedBoard, _ dice: inout MachineDice) -> UInt64 {
        let places: [UInt64] =
            switch board {
            case .q35:
                [
                    0xb000_0000, 0xb000_8000, 0xb001_0000, 0xb001_8000, 0xb002_0000, 0xb00f_8000, 0xb010_0000,
                    0xc000_0000,
                    0xfed0_0000, 0x8_0000_0000,
                ]
            case .microvm: [0xfea0_0000, 0xfeb0_0000, 0xfeb0_0200, 0xfeb0_0400]
            }
        let place = places.randomElement(using: &dice) ?? 0
        switch UInt64.random(in: 0..<8, using: &dice) {
        case 0: return UInt64.random(in: 0...0xffff_ffff_ffff, using: &dice)
        case 1: return place &+ UInt64.random(in: 0..<0x1_0000, using: &dice)
        default: return place &+ UInt64.random(in: 0..<0x140, using: &dice)
        }
    }

    private static func value(_ dice: inout MachineDice) -> UInt64 {
        switch UInt64.random(in: 0..<4, using: &dice) {
        case 0: UInt64.random(in: 0..<16, using: &dice)
        case 1: 1 << UInt64.random(in: 0..<64, using: &dice)
        case 2: UInt64.random(in: 0..<0x400, using: &dice) << 12
        default: UInt64.random(in: 0...(.max), using: &dice)
        }
    }

    private static let ports: [UInt16] = [
        0x60, 0x61, 0x64, 0x70, 0x71, 0x92, 0xe9, 0x2f8, 0x3f8, 0x600, 0x620, 0xcf8, 0xcf9, 0xcfc, 0x1000,
    ]

    @Test(
        "Random accesses to ports, registers and configuration space", arguments: TestedBoard.allCases,
        [UInt64(1), 2, 3])
    func random(_ board: TestedBoard, seed: UInt64) throws {
        let machine = try MachineUnderTest(Self.words(board))
        var dice = MachineDice(seed: seed)
        let guest = machine.guest
        let widths: [AccessWidth] = [.one, .two, .four, .eight]
        for step in 0..<20_000 {
            let width = widths.randomElement(using: &dice) ?? .four
            let port = (Self.ports.randomElement(using: &dice) ?? 0) &+ UInt16.random(in: 0..<8, using: &dice)
            let portWidth = width == .eight ? .four : width
            switch UInt64.random(in: 0..<5, using: &dice) {
            case 0: _ = guest.input(port, portWidth)
            case 1: guest.output(Self.value(&dice), to: port, portWidth)
            case 2: _ = guest.load(Self.address(board, &dice), width)
            default: guest.store(Self.value(&dice), at: Self.address(board, &dice), width)
            }
            if step % 64 == 0 {
                machine.settle()
                machine.machine.clock.advance(
                    to: machine.machine.clock.now &+ UInt64.random(in: 0..<100_000_000, using: &dice))
            }
            if machine.machine.runState != .running {
                machine.machine.reset()
                try machine.machine.resume()
            }
        }
        #expect(machine.status == nil)
        try Self.check(machine, board)
    }

    @Test("Random descriptors under a running device", arguments: TestedBoard.allCases, [UInt64(4), 5])
    func rings(_ board: TestedBoard, seed: UInt64) throws {
        let machine = try MachineUnderTest(Self.words(board))
        var dice = MachineDice(seed: seed)
        for _ in 0..<300 {
            let transport = try #require(machine.firstVirtio(on: board.rawValue))
            transport.negotiate(transport.deviceFeatures & (Bool.random(using: &dice) ? .max : ~VirtioGuest.eventIndex))
            let queue = VirtioGuestQueue(transport, size: 8, at: 0x10_0000)
            transport.start()
            for index in UInt16(0)..<8 {
                queue.setDescriptor(
                    index,
                    Bool.random(using: &dice) ? UInt64.random(in: 0..<0x400_0000, using: &dice) : Self.value(&dice),
                    UInt32(truncatingIfNeeded: Self.value(&dice)), UInt16.random(in: 0..<8, using: &dice),
                    next: UInt16.random(in: 0..<10, using: &dice))
            }
            for _ in 0..<3 { queue.makeAvailable(UInt16.random(in: 0..<9, using: &dice)) }
            if Int.random(in: 0..<8, using: &dice) == 0 {
                queue.setAvailableIndex(UInt16.random(in: 0...(.max), using: &dice))
            }
            queue.kick()
            // A reset takes everything back, finished or not.
            if Bool.random(using: &dice) { transport.status = 0 } else { machine.settle() }
        }
        try Self.check(machine, board)
    }

    /// Whether everything works after a reset.
    private static func check(_ machine: MachineUnderTest, _ board: TestedBoard) throws {
        machine.machine.reset()
        #expect(machine.machine.runState == .running)
        let transport: any VirtioGuestTransport =
            board == .q35 ? try #require(machine.virtio(slot: 1)) : machine.virtio(window: 0)
        let disk = MachineDisk(machine, transport)
        #expect(disk.write([UInt8](repeating: 1, count: 512), sector: 3))
        #expect(disk.size == 1 << 20)
    }
}
