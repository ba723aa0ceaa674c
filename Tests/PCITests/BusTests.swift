import Bus
import Hypervisor
import Memory
import PCI
import Support
import Testing

@Suite struct BusTests {
    private func address(_ device: Int, _ function: Int = 0) throws -> PCIAddress {
        try #require(PCIAddress(device: device, function: function))
    }

    @Test("A function without an address gets the first free device number")
    func allocation() throws {
        let machine = try TestMachine()
        _ = try machine.plug(TestFunction(), at: 2)
        let first = try TestFunction()
        let second = try TestFunction()
        try machine.root.bus.plug(first)
        try machine.root.bus.plug(second)
        #expect(first.slot.address == (try address(1)))
        #expect(second.slot.address == (try address(3)))
    }

    @Test("A full bus says so")
    func full() throws {
        let machine = try TestMachine()
        for _ in 1..<31 { try machine.root.bus.plug(TestFunction(vectors: 0)) }
        #expect(throws: PCIError.noFreeSlot(bus: "pcie.0")) { try machine.root.bus.plug(TestFunction()) }
    }

    @Test("A taken address names who has it")
    func taken() throws {
        let machine = try TestMachine()
        _ = try machine.plug(TestFunction("disk"), at: 3)
        #expect(throws: PCIError.slotTaken(try address(3), bus: "pcie.0", by: "disk")) {
            try machine.root.bus.plug(TestFunction(), at: address(3))
        }
    }

    @Test("Other functions need a function 0 with multifunction")
    func multifunction() throws {
        let machine = try TestMachine()
        _ = try machine.plug(TestFunction("single"), at: 3)
        #expect(throws: PCIError.functionZeroIsSingle(try address(3, 1), bus: "pcie.0", functionZero: "single")) {
            try machine.root.bus.plug(TestFunction(), at: address(3, 1))
        }
        _ = try machine.plug(TestFunction(), at: 4, function: 2)
        #expect(throws: PCIError.siblingsPresent(try address(4), bus: "pcie.0")) {
            try machine.root.bus.plug(TestFunction(), at: address(4))
        }
        _ = try machine.plug(TestFunction(multifunction: true), at: 4)
        #expect(machine.bus.enumerate().filter { $0.address.device == 4 }.map(\.address.function) == [0, 2])
    }

    @Test("Behind a port there is device 0 only")
    func port() throws {
        let machine = try TestMachine()
        let port = try machine.plugPort("rp0", at: 2)
        let bus = try #require(port.secondary)
        #expect(throws: PCIError.onlyDeviceZero(try address(1), bus: "rp0")) {
            try bus.plug(TestFunction(), at: address(1))
        }
        try bus.plug(TestFunction())
        #expect(throws: PCIError.noFreeSlot(bus: "rp0")) { try bus.plug(TestFunction()) }
    }

    @Test("A function cannot be plugged twice, nor below a bridge that is not plugged")
    func misuse() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        _ = try machine.plug(device, at: 3)
        #expect(throws: PCIError.alreadyPlugged("test")) { try machine.root.bus.plug(device, at: address(4)) }
        let port = try PCIERootPort(name: "rp0", port: 0, chassisSlot: 0, isMultifunction: false)
        #expect(throws: PCIError.notConnected(bus: "rp0")) { try port.secondary?.plug(TestFunction()) }
    }

    @Test("An unplugged function is gone from every space, and can be freed")
    func unplug() throws {
        let machine = try TestMachine()
        weak var gone: TestFunction?
        do {
            let device = try TestFunction()
            gone = device
            let function = try machine.plug(device, at: 4)
            function.setBAR(0, to: 0xd000_0000)
            function.command = 6
            device.slot.setInterrupt(true)
            machine.root.bus.unplug(device)
            machine.root.bus.unplug(device)
            #expect(device.events.all.filter { $0 == .unplugged }.count == 1)
            #expect(device.slot.memory == nil)
            #expect(!machine.hypervisor.level(of: 16))
            #expect(!function.exists)
            #expect(machine.guest.readl(0xd000_0000) == .max)
        }
        #expect(gone == nil)
    }

    @Test("Configuration requests are routed by the bus numbers a guest assigns")
    func routing() throws {
        let machine = try TestMachine()
        let near = try machine.plugPort("near", at: 2)
        let far = try machine.plugPort("far", at: 3)
        try near.secondary?.plug(TestFunction("a") { $0.identity.subsystem = 0xa })
        try far.secondary?.plug(TestFunction("b") { $0.identity.subsystem = 0xb })
        #expect(!machine.bus.function(1, 0).exists)
        machine.bus.assignBusNumbers()
        #expect(machine.bus.function(1, 0).read16(0x2e) == 0xa)
        #expect(machine.oldBus.function(2, 0).read16(0x2e) == 0xb)
        #expect(!machine.bus.function(1, 1).exists)
        #expect(!machine.bus.function(3, 0).exists)
        machine.bus.function(0, 2).write16(0x19, 0x0707)
        #expect(!machine.bus.function(1, 0).exists)
        #expect(machine.bus.function(7, 0).read16(0x2e) == 0xa)
    }

    @Test("A bridge passes on what its windows and its COMMAND register allow")
    func windows() throws {
        let machine = try TestMachine()
        let port = try machine.plugPort("port", at: 2)
        let device = try TestFunction()
        try port.secondary?.plug(device)
        machine.bus.assignBusNumbers()
        let bridge = machine.bus.function(0, 2)
        let function = machine.bus.function(1, 0)
        function.setBAR(0, to: 0xd010_0000)
        function.command = 6
        #expect(machine.guest.readl(0xd010_0000) == .max)
        bridge.write32(0x20, 0xd010_d010)
        #expect(machine.guest.readl(0xd010_0000) == .max)
        bridge.command = 2
        #expect(machine.guest.readl(0xd010_0000) != .max)
        #expect(device.slot.memory == nil)
        bridge.command = 6
        #expect(device.slot.memory === machine.memory)
        bridge.write32(0x20, 0xd020_d020)
        #expect(machine.guest.readl(0xd010_0000) == .max)
        bridge.command = 2
        #expect(device.slot.memory == nil)
    }

    @Test("A secondary bus reset puts what is behind the port back to power-on state, and not the port")
    func secondaryReset() throws {
        let machine = try TestMachine()
        let port = try machine.plugPort("port", at: 2)
        let device = try TestFunction()
        try port.secondary?.plug(device)
        machine.bus.assignBusNumbers()
        let function = machine.bus.function(1, 0)
        function.write8(0x3c, 0x42)
        _ = device.events.take()
        machine.bus.function(0, 2).write16(0x3e, 0x40)
        #expect(device.events.all == [.reset])
        machine.bus.function(0, 2).write16(0x3e, 0)
        #expect(device.events.all == [.reset])
        #expect(function.read8(0x3c) == 0)
        #expect(machine.bus.function(0, 2).read8(0x19) == 1)
    }

    @Test("After a reset every register is as after power-on")
    func reset() throws {
        let machine = try TestMachine()
        let port = try machine.plugPort("port", at: 2)
        let device = try TestFunction(messages: 2)
        let function = try machine.plug(device, at: 4)
        try port.secondary?.plug(TestFunction())
        let slots = [device.slot, port.slot, machine.lpc.slot, machine.hostBridge.slot]
        machine.root.reset()
        func registers() -> [[UInt32]] {
            slots.map { slot in (0..<64).map { slot.register($0 * 4, .four) } }
        }
        let before = registers()
        machine.hostBridge.placeECAM(at: GuestAddress(TestMachine.ecamBase))
        try machine.root.assignResources(TestMachine.windows)
        function.setMSIX(enabled: true)
        function.setVector(0, machine.guest, address: 0xfee0_0000, data: 1)
        function.command = 7
        device.slot.setInterrupt(true)
        #expect(registers() != before)
        for _ in 0..<2 {
            machine.root.reset()
            #expect(registers() == before)
            #expect(!device.slot.isMSIXEnabled)
            #expect(device.slot.memory == nil)
            #expect(machine.buses.memory.mappings.isEmpty)
            #expect(!machine.hypervisor.level(of: 16))
            device.slot.vectors[0].signal()
            #expect(machine.hypervisor.takeMessages().isEmpty)
        }
        machine.hostBridge.placeECAM(at: GuestAddress(TestMachine.ecamBase))
        function.setBAR(1, to: 0xd000_0000)
        function.command = 2
        #expect(machine.guest.readl(0xd000_000c) == 1)
    }

    @Test("The port's registers show whether a device is there")
    func presence() throws {
        let machine = try TestMachine()
        let port = try machine.plugPort("port", at: 2)
        let function = machine.bus.function(0, 2)
        let express = try #require(function.capability(0x10))
        #expect(function.read16(express + 0x1a) & 0x40 == 0)
        let device = try TestFunction()
        try port.secondary?.plug(device)
        #expect(function.read16(express + 0x1a) & 0x40 != 0)
        #expect(function.read16(express + 0x12) & 0x2000 != 0)
        machine.root.reset()
        machine.hostBridge.placeECAM(at: GuestAddress(TestMachine.ecamBase))
        #expect(function.read16(express + 0x1a) & 0x40 != 0)
        port.secondary?.unplug(device)
        #expect(function.read16(express + 0x1a) & 0x40 == 0)
    }
}
