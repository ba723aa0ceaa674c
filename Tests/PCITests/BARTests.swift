import Bus
import Host
import Memory
import PCI
import Support
import Testing

@Suite struct BARTests {
    static let memory: UInt64 = 2, ports: UInt64 = 1

    @Test("Sizing gives the sizes and kinds the device states")
    func sizing() throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction(), at: 3)
        let bars = function.bars
        #expect(bars.map(\.index) == [0, 1, 2, 4])
        #expect(bars.map(\.size) == [0x1000, 0x1000, 0x40, 0x4000])
        #expect(bars.map(\.isPort) == [false, false, true, false])
        #expect(bars.map(\.is64Bit) == [false, false, false, true])
        #expect(bars.map(\.isPrefetchable) == [false, false, false, true])
    }

    @Test("Sizing with decoding on disturbs nothing")
    func sizingLive() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        let function = try machine.plug(device, at: 3)
        function.setBAR(0, to: 0xd000_0000)
        function.command = 3
        function.write32(0x10, .max)
        #expect(device.slot.placement(ofBAR: 0) == nil)
        #expect(function.read32(0x10) == 0xffff_f000)
        function.setBAR(0, to: 0xd000_0000)
        #expect(device.slot.placement(ofBAR: 0)?.start == GuestAddress(0xd000_0000))
    }

    @Test("Accesses reach the function with their BAR, offset and width")
    func accesses() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        let function = try machine.plug(device, at: 3)
        function.setBAR(0, to: 0xd000_0000)
        function.setBAR(2, to: 0xc040)
        function.setBAR(4, to: 0x80_0000_4000, is64Bit: true)
        function.command = 3
        _ = device.events.take()
        #expect(machine.guest.readq(0x80_0000_4008) == TestFunction.pattern(4, 8))
        machine.guest.writew(0xd000_0ffe, 0x1234)
        machine.guest.outb(0xc041, 0x56)
        #expect(
            device.events.take() == [
                .read(bar: 4, Access(offset: 8, width: .eight)),
                .write(bar: 0, 0x1234, Access(offset: 0xffe, width: .two)),
                .write(bar: 2, 0x56, Access(offset: 1, width: .one)),
            ])
    }

    @Test("Without decoding a BAR reads as all ones")
    func disabled() throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction(), at: 3)
        function.setBAR(0, to: 0xd000_0000)
        function.setBAR(2, to: 0xc040)
        #expect(machine.guest.readl(0xd000_0000) == .max)
        function.command = 2
        #expect(machine.guest.readl(0xd000_0000) != .max)
        #expect(machine.guest.inl(0xc040) == .max)
        function.command = 1
        #expect(machine.guest.readl(0xd000_0000) == .max)
        #expect(machine.guest.inl(0xc040) != .max)
    }

    @Test("A doorbell follows its BAR and is gone while decoding is off")
    func doorbells() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        let function = try machine.plug(device, at: 3)
        let event = try EventFD()
        let doorbell = device.slot.attachDoorbell(bar: 4, offset: 0x3000, width: .two, event: event)
        #expect(machine.hypervisor.doorbells.isEmpty)
        function.command = 2
        for base: UInt64 in [0x80_0000_0000, 0x90_0000_0000] {
            function.setBAR(4, to: base, is64Bit: true)
            #expect(machine.hypervisor.doorbells.map(\.address.rawValue) == [base + 0x3000])
            machine.guest.writew(base + 0x3000, 0)
            #expect(event.drain())
        }
        machine.guest.writew(0x80_0000_3000, 0)
        #expect(!event.drain())
        function.command = 0
        #expect(machine.hypervisor.doorbells.isEmpty)
        function.command = 2
        device.slot.detachDoorbell(doorbell)
        device.slot.detachDoorbell(doorbell)
        #expect(machine.hypervisor.doorbells.isEmpty)
    }

    @Test("A BAR that a guest moves over the platform does not hide it")
    func priority() throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction(), at: 3)
        function.command = 2
        function.setBAR(4, to: TestMachine.ecamBase, is64Bit: true)
        #expect(machine.guest.readl(TestMachine.ecamBase) == 0x29c0_8086)
    }

    @Test("Two BARs at one place are told apart again when one moves on")
    func overlap() throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction(), at: 3)
        function.command = 2
        function.setBAR(0, to: 0xd000_0000)
        function.setBAR(4, to: 0xd000_0000, is64Bit: true)
        function.setBAR(4, to: 0xe000_0000, is64Bit: true)
        #expect(machine.guest.readl(0xd000_0000) == UInt32(truncatingIfNeeded: TestFunction.pattern(0, 0)))
        #expect(machine.guest.readl(0xe000_0000) == UInt32(truncatingIfNeeded: TestFunction.pattern(4, 0)))
    }

    @Test("Guest memory is withheld while bus mastering is off")
    func busMaster() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        #expect(device.slot.memory == nil)
        let function = try machine.plug(device, at: 3)
        #expect(device.slot.memory == nil)
        _ = device.events.take()
        function.command = 4
        #expect(device.slot.memory === machine.memory)
        function.command = 0
        #expect(device.slot.memory == nil)
        let told = device.events.all.filter { if case .busMaster = $0 { true } else { false } }
        #expect(told == [.busMaster(true), .busMaster(false)])
    }

    @Test("A layout that cannot be is refused with its reason")
    func layouts() {
        #expect(throws: PCIError.self) { try TestFunction { $0.bars[0] = PCIBAR(0, .memory32, size: 0x1001) } }
        #expect(throws: PCIError.self) {
            try TestFunction { $0.bars[0] = PCIBAR(5, .memory64(prefetchable: false), size: 0x1000) }
        }
        #expect(throws: PCIError.self) { try TestFunction { $0.bars.append(PCIBAR(5, .memory32, size: 0x1000)) } }
        #expect(throws: PCIError.self) { try TestFunction(vectors: 2049) }
        #expect(throws: PCIError.self) { try TestFunction(messages: 3) }
        let large = PCICapability(id: 9, body: [UInt8](repeating: 0, count: 190))
        #expect(throws: PCIError.self) { try TestFunction { $0.capabilities = [large] } }
    }
}
