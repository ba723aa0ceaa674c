import Host
import Machine
import QTest
import Support
import Testing

@Suite("A machine's time is the one its clock shows")
struct ClockTests {
    /// The real-time clock's time of day in seconds, as a driver reads it.
    private func timeOfDay(_ machine: MachineUnderTest) -> Int {
        func register(_ index: UInt8) -> Int {
            machine.guest.outb(0x70, index)
            return Int(machine.guest.inb(0x71))
        }
        let isBinary = register(0x0b) & 0x04 != 0
        func number(_ index: UInt8) -> Int {
            let value = register(index)
            return isBinary ? value : value >> 4 * 10 + value & 15
        }
        return number(4) * 3600 + number(2) * 60 + number(0)
    }

    @Test("-rtc base= is what the real-time clock begins with", arguments: ["", ",clock=vm", ",clock=rt"])
    func base(_ source: String) throws {
        let machine = try MachineUnderTest("-m 64 -rtc base=2020-02-03T04:05:06\(source)")
        #expect(timeOfDay(machine) == 4 * 3600 + 5 * 60 + 6)
        for (register, value) in [(7, 0x03), (8, 0x02), (9, 0x20), (0x32, 0x20)] as [(UInt8, UInt8)] {
            machine.guest.outb(0x70, register)
            #expect(machine.guest.inb(0x71) == value)
        }
    }

    @Test("A machine without a real-time clock refuses to set one")
    func noClock() {
        #expect(
            MachineUnderTest.refusal("-machine microvm -m 64 -rtc base=localtime")
                == "-rtc: microvm has no clock of day; its guests ask kvm-clock.")
        #expect(MachineUnderTest.refusal("-machine microvm -m 64 -rtc base=utc,clock=host") == nil)
    }

    @Test("It begins at zero and stands still until it is turned")
    func start() throws {
        let machine = try MachineUnderTest("-m 64")
        #expect(machine.machine.clock.now == 0)
        let before = machine.guest.inl(MachinePlaces.powerManagement + 8)
        machine.settle()
        #expect(machine.guest.inl(MachinePlaces.powerManagement + 8) == before)
        #expect(machine.machine.clock.now == 0)
    }

    @Test("The real-time clock, the ACPI timer and the HPET advance with it")
    func together() throws {
        let machine = try MachineUnderTest("-m 64")
        // The HPET counts once it is enabled.
        machine.guest.writeq(0xfed0_0010, 1)
        let time = timeOfDay(machine)
        let ticks = machine.guest.inl(MachinePlaces.powerManagement + 8)
        let count = machine.guest.readq(0xfed0_00f0)
        let period = machine.guest.readq(0xfed0_0000) >> 32
        machine.machine.clock.advance(to: 3_661_000_000_000)
        #expect((timeOfDay(machine) - time + 86400) % 86400 == 3661)
        let elapsed = UInt64(3661) * 3_579_545
        #expect(
            (machine.guest.inl(MachinePlaces.powerManagement + 8) &- ticks) & 0xff_ffff == UInt32(elapsed & 0xff_ffff))
        #expect(machine.guest.readq(0xfed0_00f0) - count == 3_661_000_000 * 1_000_000_000 / period)
    }

    @Test("A periodic interrupt of the real-time clock comes at its time")
    func periodic() throws {
        let machine = try MachineUnderTest("-m 64")
        let levels = LevelLog()
        machine.interrupts.observe { levels.add($0, $1) }
        // 1024 Hz, PIE.
        for (register, value) in [(UInt8(0x0a), UInt8(0x26)), (0x0b, 0x42)] {
            machine.guest.outb(0x70, register)
            machine.guest.outb(0x71, value)
        }
        machine.machine.clock.advance(to: 1_000_000_000)
        let raises = levels.all.count { $0 == LevelLog.Change(8, true) }
        #expect(abs(raises - 1024) <= 1)
    }
}
