import Bus
import PCI
import Support
import Testing

@Suite struct INTxTests {
    @Test("Pins are swizzled over the four wires by device number", arguments: [
        (3, PCIInterruptPin.a, UInt32(19)), (4, .a, 16), (4, .b, 17), (31, .d, 18), (5, .c, 19),
    ])
    func swizzle(device: Int, pin: PCIInterruptPin, line: UInt32) throws {
        let machine = try TestMachine()
        let function = try TestFunction(multifunction: true, pin: pin)
        // Device 31 has a function 0 already.
        _ = try machine.plug(function, at: device, function: device == 31 ? 1 : 0)
        function.slot.setInterrupt(true)
        #expect(machine.hypervisor.takeLineChanges() == [.init(line, true)])
        function.slot.setInterrupt(true)
        #expect(machine.hypervisor.takeLineChanges().isEmpty)
        function.slot.setInterrupt(false)
        #expect(machine.hypervisor.takeLineChanges() == [.init(line, false)])
    }

    @Test("Behind a bridge the pin is swizzled again")
    func bridged() throws {
        let machine = try TestMachine()
        let port = try machine.plugPort("port", at: 6)
        let function = try TestFunction(pin: .c)
        try port.secondary?.plug(function)
        function.slot.setInterrupt(true)
        // Device 0, pin C: wire 2 of the port; device 6: (6 + 2) % 4.
        #expect(machine.hypervisor.takeLineChanges() == [.init(16, true)])
    }

    @Test("A shared wire stays high until the last function lets go")
    func sharing() throws {
        let machine = try TestMachine()
        let first = try TestFunction()
        let second = try TestFunction()
        _ = try machine.plug(first, at: 4)
        _ = try machine.plug(second, at: 8)
        first.slot.setInterrupt(true)
        second.slot.setInterrupt(true)
        first.slot.setInterrupt(false)
        #expect(machine.hypervisor.takeLineChanges() == [.init(16, true)])
        second.slot.setInterrupt(false)
        #expect(machine.hypervisor.takeLineChanges() == [.init(16, false)])
    }

    @Test("Interrupt Disable lowers the wire but not the status bit")
    func disable() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        let function = try machine.plug(device, at: 4)
        device.slot.setInterrupt(true)
        #expect(function.read16(6) & 8 != 0)
        function.command = 0x400
        #expect(!machine.hypervisor.level(of: 16))
        #expect(function.read16(6) & 8 != 0)
        function.command = 0
        #expect(machine.hypervisor.level(of: 16))
        device.slot.setInterrupt(false)
        #expect(function.read16(6) & 8 == 0)
        #expect(!machine.hypervisor.level(of: 16))
    }

    @Test("The wire is left alone while MSI-X is on")
    func messages() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        let function = try machine.plug(device, at: 4)
        device.slot.setInterrupt(true)
        function.setMSIX(enabled: true)
        #expect(!machine.hypervisor.level(of: 16))
        function.setMSIX(enabled: false)
        #expect(machine.hypervisor.level(of: 16))
    }

    @Test("PIRQ routes lead a wire to an ISA interrupt as well, shared and movable")
    func routes() throws {
        let machine = try TestMachine()
        let first = try TestFunction()
        let second = try TestFunction()
        _ = try machine.plug(first, at: 4)
        _ = try machine.plug(second, at: 5)
        let lpc = machine.bus.function(0, 0x1f)
        lpc.write16(0x60, 0x0b0b)
        first.slot.setInterrupt(true)
        second.slot.setInterrupt(true)
        first.slot.setInterrupt(false)
        #expect(machine.hypervisor.level(of: 11))
        lpc.write8(0x61, 10)
        #expect(!machine.hypervisor.level(of: 11))
        #expect(machine.hypervisor.level(of: 10))
        // The timer's interrupt cannot be shared.
        lpc.write8(0x61, 0)
        #expect(!machine.hypervisor.level(of: 0))
        #expect(!machine.hypervisor.level(of: 10))
        #expect(machine.hypervisor.level(of: 17))
        lpc.write8(0x61, 10)
        machine.root.reset()
        #expect(!machine.hypervisor.level(of: 10))
        #expect(!machine.hypervisor.level(of: 17))
    }
}
