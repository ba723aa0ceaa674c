import Bus
import Host
import Support
import Testing
import Virtio

/// Drivers that write anything anywhere.
@Suite struct HostileDriverTests {
    /// The same "random" numbers in every run.
    struct Numbers: RandomNumberGenerator {
        private var state: UInt64
        init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    let machine: TestMachine
    init() throws { machine = try TestMachine() }

    /// Addresses that are memory, nearly memory, and nothing.
    private func address(_ numbers: inout Numbers) -> UInt64 {
        let places: [UInt64] = [
            0x1_0000, 0x20_0000, TestMachine.seam - 8, TestMachine.ramEnd - 8, 0x1000_0000, 0x1010_0000 - 4,
            0x4000_0000, 0xfeb0_0000, .max - 16,
        ]
        return places.randomElement(using: &numbers)! &+ UInt64.random(in: 0..<64, using: &numbers)
    }

    @Test("Rings of random content end in service or a reset, never worse", arguments: ConformanceTests.all)
    func randomRings(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try machine.plug(machine.makeDevice(kind), transport)
        var numbers = Numbers(transport == .mmio ? 1 : 2)
        for _ in 0..<400 {
            let offered: [UInt64] = [0, VirtioGuest.indirect, VirtioGuest.eventIndex, VirtioGuest.indirect | 1 << 29]
            let queue = device.bringUp(features: VirtioGuest.version1 | offered.randomElement(using: &numbers)!)
            for table in [queue.descriptors, 0x20_0000] {
                for index in UInt16(0)..<8 {
                    let counts: [UInt32] = [0, 1, 16, 48, 512, 513, 1 << 20, .max]
                    queue.setDescriptor(
                        index, address(&numbers), counts.randomElement(using: &numbers)!,
                        UInt16.random(in: 0..<8, using: &numbers), next: UInt16.random(in: 0..<9, using: &numbers),
                        in: table)
                }
            }
            for _ in 0..<UInt16.random(in: 0..<9, using: &numbers) {
                queue.makeAvailable(UInt16.random(in: 0..<9, using: &numbers))
            }
            queue.kick()
            machine.settle()
            if Bool.random(using: &numbers) { machine.pause() }
            machine.resume()
        }
        let queue = device.bringUp()
        queue.add(SampleRequest.buffers(kind, machine.guest))
        queue.kick()
        machine.settle()
        #expect(queue.takeUsed() != nil)
        #expect(!device.needsReset)
    }

    @Test("Random register accesses at any width leave a device that a reset heals", arguments: ConformanceTests.all)
    func randomRegisters(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try machine.plug(machine.makeDevice(kind), transport)
        let (base, size): (UInt64, UInt64) =
            switch device {
            case let pci as VirtioGuestPCI: (pci.function.barAddress(4), 0x4000)
            default: (0xfeb0_0000, 0x200)
            }
        var numbers = Numbers(transport == .mmio ? 3 : 4)
        for round in 0..<4000 {
            let width = AccessWidth.allCases.randomElement(using: &numbers)!
            // Mostly where registers are.
            let limit = round % 4 == 0 ? size : 0x80
            let offset = UInt64.random(in: 0..<limit, using: &numbers) & ~(width.count - 1)
            let values: [UInt64] = [0, 1, 4, 8, 15, 0x1_0000, 0xffff, .max, numbers.next()]
            machine.guest.store(values.randomElement(using: &numbers)! & width.mask, at: base + offset, width)
            _ = machine.guest.load(base + offset, width)
            machine.loop.turn(timeout: 0)
        }
        let queue = device.bringUp()
        queue.add(SampleRequest.buffers(kind, machine.guest))
        queue.kick()
        machine.settle()
        #expect(queue.takeUsed() != nil)
        #expect(!device.needsReset)
    }
}
