import Bus
import PCI
import Support
import Testing

@Suite struct MessageTests {
    /// A function with MSI-X in BAR 1 at 0xd0000000, bus mastering on.
    private func plug(_ machine: TestMachine, vectors: Int = 4) throws -> (TestFunction, PCIGuestFunction) {
        let device = try TestFunction(vectors: vectors)
        let function = try machine.plug(device, at: 3)
        function.setBAR(1, to: 0xd000_0000)
        function.command = 6
        return (device, function)
    }

    @Test("An enabled vector sends the message the guest programmed")
    func sends() throws {
        let machine = try TestMachine()
        let (device, function) = try plug(machine)
        function.setVector(1, machine.guest, address: 0xfee0_1004, data: 0x4041)
        function.setMSIX(enabled: true)
        #expect(device.slot.isMSIXEnabled)
        device.slot.vectors[1].signal()
        device.slot.vectors[1].signal()
        let message = InterruptMessage(address: 0xfee0_1004, data: 0x4041)
        #expect(machine.hypervisor.takeMessages() == [message, message])
    }

    @Test("Interrupts are made for the vectors a guest opens, and only then")
    func lazy() throws {
        let machine = try TestMachine()
        let (device, function) = try plug(machine, vectors: 64)
        for vector in device.slot.vectors { vector.signal() }
        function.setMSIX(enabled: true)
        #expect(machine.hypervisor.interruptsMade == 0)
        function.setVector(7, machine.guest, address: 0xfee0_0000, data: 1)
        #expect(machine.hypervisor.interruptsMade == 1)
        function.maskVector(7, machine.guest, true)
        function.maskVector(7, machine.guest, false)
        #expect(machine.hypervisor.interruptsMade == 1)
        #expect(machine.hypervisor.takeMessages().isEmpty)
    }

    @Test("A masked vector becomes pending and is delivered once when it is unmasked")
    func pending() throws {
        let machine = try TestMachine()
        let (device, function) = try plug(machine, vectors: 70)
        function.setVector(66, machine.guest, address: 0xfee0_0000, data: 5)
        function.setMSIX(enabled: true)
        function.maskVector(66, machine.guest, true)
        #expect(!function.isPending(66, machine.guest))
        device.slot.vectors[66].signal()
        device.slot.vectors[66].signal()
        #expect(function.isPending(66, machine.guest))
        #expect(!function.isPending(65, machine.guest))
        #expect(machine.hypervisor.takeMessages().isEmpty)
        function.setVector(66, machine.guest, address: 0xfee0_2000, data: 6)
        #expect(machine.hypervisor.takeMessages() == [InterruptMessage(address: 0xfee0_2000, data: 6)])
        #expect(!function.isPending(66, machine.guest))
        function.maskVector(66, machine.guest, false)
        #expect(machine.hypervisor.takeMessages().isEmpty)
    }

    @Test("The function mask holds back every vector and delivers each once when it is taken away")
    func functionMask() throws {
        let machine = try TestMachine()
        let (device, function) = try plug(machine)
        for index in 0..<4 {
            function.setVector(index, machine.guest, address: 0xfee0_0000, data: UInt32(index), masked: index == 3)
        }
        function.setMSIX(enabled: true, masked: true)
        for vector in device.slot.vectors { vector.signal() }
        #expect(machine.hypervisor.takeMessages().isEmpty)
        function.setMSIX(enabled: true)
        #expect(machine.hypervisor.takeMessages().map(\.data) == [0, 1, 2])
        #expect(function.isPending(3, machine.guest))
    }

    @Test("Without MSI-X, and without bus mastering, nothing is sent")
    func disabled() throws {
        let machine = try TestMachine()
        let (device, function) = try plug(machine)
        function.setVector(0, machine.guest, address: 0xfee0_0000, data: 1)
        device.slot.vectors[0].signal()
        function.setMSIX(enabled: true)
        function.command = 2
        device.slot.vectors[0].signal()
        #expect(machine.hypervisor.takeMessages().isEmpty)
        function.command = 6
        device.slot.vectors[0].signal()
        #expect(machine.hypervisor.takeMessages().count == 1)
        function.setMSIX(enabled: false)
        device.slot.vectors[0].signal()
        #expect(machine.hypervisor.takeMessages().isEmpty)
    }

    @Test("Table entries are read back in any width; pending bits cannot be written")
    func table() throws {
        let machine = try TestMachine()
        let (_, function) = try plug(machine)
        let layout = try #require(function.msixLayout)
        #expect(machine.guest.readl(layout.table + 12) == 1)
        machine.guest.writeq(layout.table + 16, 0x1122_3344_fee0_0007)
        #expect(machine.guest.readq(layout.table + 16) == 0x1122_3344_fee0_0004)
        machine.guest.writeb(layout.table + 25, 0xab)
        #expect(machine.guest.readl(layout.table + 24) == 0xab00)
        #expect(machine.guest.readw(layout.table + 24) == 0xab00)
        machine.guest.writeq(layout.pending, .max)
        #expect(machine.guest.readq(layout.pending) == 0)
    }

    @Test("The device sees no access to its MSI-X table")
    func ownership() throws {
        let machine = try TestMachine()
        let (device, function) = try plug(machine)
        let layout = try #require(function.msixLayout)
        _ = device.events.take()
        _ = machine.guest.readl(layout.table)
        _ = machine.guest.readq(layout.pending)
        #expect(device.events.all.isEmpty)
        _ = machine.guest.readl(layout.table + 64)
        #expect(device.events.all.count == 1)
    }

    @Test("A host without interrupt routes leaves the vector silent, with a line in the log")
    func exhausted() throws {
        let machine = try TestMachine(interruptLimit: 1)
        let (device, function) = try plug(machine)
        for index in 0..<2 { function.setVector(index, machine.guest, address: 0xfee0_0000, data: UInt32(index)) }
        function.setMSIX(enabled: true)
        for vector in device.slot.vectors { vector.signal() }
        #expect(machine.hypervisor.takeMessages().map(\.data) == [0])
        #expect(machine.log.all.count == 1)
    }

    @Test("Several MSI messages share an address and count up in the data")
    func msi() throws {
        let machine = try TestMachine()
        let device = try TestFunction(vectors: 0, messages: 4)
        let function = try machine.plug(device, at: 3)
        function.command = 4
        let msi = try #require(function.capability(0x05))
        function.write32(msi + 4, 0xfee0_3000)
        function.write16(msi + 12, 0x4043)
        function.write16(msi + 2, 2 << 4 | 1)
        #expect(device.slot.isMSIEnabled)
        device.slot.messages[2].signal()
        #expect(machine.hypervisor.takeMessages() == [InterruptMessage(address: 0xfee0_3000, data: 0x4042)])
        // Two of the four.
        function.write16(msi + 2, 1 << 4 | 1)
        device.slot.messages[2].signal()
        device.slot.messages[1].signal()
        #expect(machine.hypervisor.takeMessages().map(\.data) == [0x4043])
        function.write32(msi + 0x10, 1)
        device.slot.messages[0].signal()
        #expect(function.read32(msi + 0x14) == 1)
        #expect(machine.hypervisor.takeMessages().isEmpty)
        function.write32(msi + 0x10, 0)
        #expect(function.read32(msi + 0x14) == 0)
        #expect(machine.hypervisor.takeMessages().map(\.data) == [0x4042])
    }
}
