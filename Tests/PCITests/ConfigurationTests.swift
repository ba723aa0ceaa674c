import Bus
import Memory
import PCI
import Support
import Testing

@Suite struct ConfigurationTests {
    @Test("A guest reads the identity the device states")
    func identity() throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction(multifunction: true), at: 3)
        #expect(function.read32(0x00) == 0x10ff_1af4)
        #expect(function.read32(0x08) == 0xff01_0203)
        #expect(function.read8(0x0e) == 0x80)
        #expect(function.read32(0x2c) == 0x1100_1af4)
        #expect(function.read8(0x3d) == 1)
    }

    @Test("The q35 chipset functions are where guests look for them")
    func chipset() throws {
        let machine = try TestMachine()
        #expect(machine.bus.function(0, 0).read32(0) == 0x29c0_8086)
        #expect(machine.bus.function(0, 0).read32(8) >> 8 == 0x060000)
        #expect(machine.bus.function(0, 0x1f).read32(0) == 0x2918_8086)
        #expect(machine.bus.function(0, 0x1f).read32(8) >> 8 == 0x060100)
        #expect(machine.bus.enumerate().count == 2)
    }

    @Test("The capability list holds everything the layout asks for")
    func capabilities() throws {
        let machine = try TestMachine()
        let device = try TestFunction(vectors: 5, messages: 2)
        let function = try machine.plug(device, at: 3)
        #expect(function.capabilities.map(\.id) == [0x10, 0x01, 0x05, 0x11, 0x09])
        let vendor = try #require(function.capability(0x09))
        #expect(device.slot.capabilityOffsets == [vendor])
        #expect(function.read32(vendor + 2) == 0xccbb_aa06)
        let msix = try #require(function.msixLayout)
        #expect(msix.vectors == 5)
        #expect(function.read32(0x100) == 0x0001_000b)
        #expect(function.read32(0x104) == 0x0403_0201)
    }

    @Test("An endpoint is integrated on the root bus and plain behind a port")
    func express() throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction(), at: 3)
        let port = try machine.plugPort("port", at: 4)
        try port.secondary?.plug(TestFunction())
        machine.bus.assignBusNumbers()
        func type(_ function: PCIGuestFunction) throws -> UInt16 {
            function.read16(try #require(function.capability(0x10)) + 2) >> 4 & 0xf
        }
        #expect(try type(function) == 9)
        #expect(try type(machine.bus.function(0, 4)) == 4)
        #expect(try type(machine.bus.function(1, 0)) == 0)
    }

    @Test("Beyond 256 bytes a conventional function has nothing and an Express one zeros")
    func extended() throws {
        let machine = try TestMachine()
        let old = try machine.plug(TestFunction(express: false), at: 3)
        let new = try machine.plug(TestFunction { $0.extendedCapabilities = [] }, at: 4)
        #expect(old.read32(0x100) == .max)
        #expect(new.read32(0x100) == 0)
        #expect(new.read32(0xffc) == 0)
    }

    @Test("Read-only bits stay whatever is written", arguments: [AccessWidth.one, .two, .four])
    func readOnly(width: AccessWidth) throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction(), at: 3)
        let door = PCIGuestECAM(machine.guest, at: TestMachine.ecamBase)
        for offset in stride(from: 0, to: 0x1000, by: Int(width.rawValue)) where !(0x04..<0x06).contains(offset & ~3) {
            let before = door.read(function.address, offset, width)
            door.write(function.address, offset, .max, width)
            let ones = door.read(function.address, offset, width)
            door.write(function.address, offset, 0, width)
            let zeros = door.read(function.address, offset, width)
            let writable = ones ^ zeros
            #expect(before & ~writable == zeros & ~writable, "offset \(offset)")
            door.write(function.address, offset, before, width)
            #expect(door.read(function.address, offset, width) == before, "offset \(offset)")
        }
        #expect(function.read32(0x00) == 0x10ff_1af4)
    }

    @Test("Both doors show the same 256 bytes of every function")
    func doors() throws {
        let machine = try TestMachine()
        _ = try machine.plug(TestFunction(messages: 4), at: 3)
        for (new, old) in zip(machine.bus.enumerate(), machine.oldBus.enumerate()) {
            #expect(new.address == old.address)
            for offset in 0..<256 { #expect(new.read8(offset) == old.read8(offset)) }
            for offset in stride(from: 0, to: 256, by: 2) { #expect(new.read16(offset) == old.read16(offset)) }
            for offset in stride(from: 0, to: 256, by: 4) { #expect(new.read32(offset) == old.read32(offset)) }
        }
        #expect(machine.oldBus.enumerate().count == 3)
    }

    @Test("The address port takes 32-bit accesses only and reads back")
    func addressPort() throws {
        let machine = try TestMachine()
        machine.guest.outl(0xcf8, 0xffff_ffff)
        #expect(machine.guest.inl(0xcf8) == 0x80ff_fffc)
        machine.guest.outb(0xcf8, 0)
        machine.guest.outw(0xcfa, 0)
        #expect(machine.guest.inl(0xcf8) == 0x80ff_fffc)
        #expect(machine.guest.inb(0xcf8) == 0xff)
        machine.guest.outl(0xcf8, 0)
        #expect(machine.guest.inl(0xcfc) == .max)
        machine.ports.reset()
        #expect(machine.guest.inl(0xcf8) == 0)
    }

    @Test("Narrow accesses to port 0xCF9 reach the reset control")
    func resetControl() throws {
        let control = ByteDevice()
        let machine = try TestMachine(resetControl: control)
        machine.guest.outb(0xcf9, 0x06)
        machine.guest.outl(0xcf8, 0x8000_0000)
        #expect(control.writes.all == [0x06])
        #expect(machine.guest.inb(0xcf9) == 0x5a)
        #expect(machine.guest.inl(0xcfc) == 0x29c0_8086)
    }

    @Test("PCIEXBAR moves, shrinks and closes the ECAM")
    func ecam() throws {
        let machine = try TestMachine()
        let bridge = machine.oldBus.function(0, 0)
        bridge.write32(0x60, 0xe000_0001)
        #expect(machine.guest.readl(TestMachine.ecamBase) == .max)
        #expect(machine.guest.readl(0xe000_0000) == 0x29c0_8086)
        #expect(machine.ecam.range?.count == 256 << 20)
        bridge.write32(0x60, 0xe000_0005)
        #expect(machine.ecam.range?.count == 64 << 20)
        bridge.write32(0x60, 0xe000_0000)
        #expect(machine.ecam.range == nil)
        machine.hostBridge.placeECAM(at: GuestAddress(0xb000_0000))
        machine.root.reset()
        #expect(machine.ecam.range == nil)
    }

    @Test("An ECAM access across two registers is the accesses it consists of")
    func crossing() throws {
        let machine = try TestMachine()
        let base = TestMachine.ecamBase
        #expect(machine.guest.readq(base) & 0xffff_ffff == 0x29c0_8086)
        #expect(machine.guest.readl(base + 2) & 0xffff == 0x29c0)
        machine.guest.writeq(base + 0x90, 0x0030_0000_0000_0000)
        #expect(machine.bus.function(0, 0).read8(0x96) == 0x30)
        // The last bytes of a function's space do not run into the next one's.
        #expect(machine.guest.readl(base + 0xffe) == .max)
    }

    @Test("PMBASE and ACPI_CNTL place the power management ports")
    func powerManagement() throws {
        let machine = try TestMachine()
        let lpc = machine.bus.function(0, 0x1f)
        lpc.write32(0x40, 0x0601)
        lpc.write8(0x44, 0x80)
        #expect(machine.powerManagement.take() == [nil, 0x600])
        lpc.write16(0x40, 0xb000)
        #expect(lpc.read32(0x40) == 0xb001)
        #expect(machine.powerManagement.take() == [0xb000])
        machine.root.reset()
        #expect(machine.powerManagement.take() == [nil])
        machine.lpc.placePowerManagement(at: 0x600)
        #expect(machine.powerManagement.all.last == 0x600)
    }
}

/// A device of one byte.
final class ByteDevice: BusDevice {
    let writes = Recorder<UInt64>()
    func read(_ access: Access) -> UInt64 { 0x5a }
    func write(_ value: UInt64, _ access: Access) { writes.record(value) }
}
