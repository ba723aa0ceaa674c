import Bus
import Devices
import Host
import Testing

/// Power buttons, sleep states, resets and the ACPI timer, as Linux's ACPI and reboot code use them.
@Suite("Power")
struct PowerTests {
    let bench: Bench
    let power: PowerManagement

    init() throws {
        bench = try Bench()
        power = PowerManagement(clock: bench.clock, interrupt: bench.line(9), power: bench, softOffType: 5)
    }

    private var ticks: UInt64 { power.get(.four, at: 8) }

    // MARK: The timer

    @Test("PM_TMR counts 3,579,545 a second, never back, and wraps at 24 bits")
    func timer() {
        #expect(ticks == 0)
        bench.clock.advance(to: second)
        #expect(ticks == 3_579_545)
        var last = ticks
        for step in 1...1000 as ClosedRange<UInt64> {
            bench.clock.advance(to: second + step * 333)
            #expect(ticks >= last)
            last = ticks
        }
        bench.clock.advance(to: 5 * second)
        #expect(ticks == 5 * 3_579_545 - 1 << 24)
        // Read-only.
        power.put(.four, 0, at: 8)
        #expect(ticks == 5 * 3_579_545 - 1 << 24)
    }

    @Test("The timer's status comes with every change of its top bit, and its interrupt at that time")
    func timerOverflow() {
        let half: UInt64 = 1 << 23
        // The first nanosecond at which the tick shows.
        func time(_ tick: UInt64) -> UInt64 { (tick * second + 3_579_544) / 3_579_545 }

        bench.clock.advance(to: time(half) - 1)
        #expect(power.get(.two, at: 0) & 1 == 0)
        bench.clock.advance(to: time(half))
        #expect(power.get(.two, at: 0) & 1 == 1)
        power.put(.two, 1, at: 0)
        #expect(power.get(.two, at: 0) & 1 == 0)

        power.put(.two, 1, at: 2)
        bench.clock.advance(to: time(2 * half) + 5)
        #expect(bench.takeRises(9) == [time(2 * half)])
        power.put(.two, 1, at: 0)
        #expect(!bench.isHigh(9))
        bench.clock.advance(to: 10 * second)
        #expect(bench.takeRises(9) == [time(3 * half)])
    }

    // MARK: Fixed hardware

    @Test("ACPI is on from the start")
    func enabled() {
        #expect(power.get(.two, at: 4) & 1 == 1)
        power.put(.two, 0, at: 4)
        #expect(power.get(.two, at: 4) & 1 == 1)
    }

    @Test("The power button interrupts a guest that listens until it has cleared the status")
    func powerButton() {
        power.pressPowerButton()
        #expect(!bench.isHigh(9))
        // Enabling what is pending interrupts.
        power.put(.two, 0x100, at: 2)
        #expect(bench.isHigh(9))
        power.put(.two, 0x001, at: 0)
        #expect(bench.isHigh(9))
        power.put(.two, 0x100, at: 0)
        #expect(!bench.isHigh(9))
        #expect(power.get(.two, at: 0) == 0)
        power.pressPowerButton()
        #expect(bench.isHigh(9))
        #expect(bench.takeRequests() == [])
    }

    @Test("Only soft off's sleep type with SLP_EN powers off", arguments: [AccessWidth.two, .four])
    func softOff(width: AccessWidth) {
        power.put(width, 5 << 10, at: 4)
        power.put(width, 1 << 13 | 1 << 10, at: 4)
        #expect(bench.takeRequests() == [])
        power.put(width, 1 << 13 | 5 << 10, at: 4)
        #expect(bench.takeRequests() == [.shutdown])
        // SLP_EN is a trigger.
        #expect(power.get(.two, at: 4) & 1 << 13 == 0)
    }

    @Test("General purpose events interrupt while enabled, bit by bit")
    func generalPurposeEvents() {
        power.put(.one, 0x06, at: 0x28)
        power.raise(generalPurposeEvents: 0x07)
        #expect(bench.isHigh(9))
        #expect(power.get(.one, at: 0x20) == 0x07)
        power.put(.one, 0x02, at: 0x20)
        #expect(bench.isHigh(9))
        power.put(.one, 0x04, at: 0x20)
        #expect(!bench.isHigh(9))
        #expect(power.get(.one, at: 0x20) == 0x01)
    }

    @Test("A reset lowers the interrupt and forgets what was pending")
    func reset() {
        power.put(.two, 0x101, at: 2)
        power.pressPowerButton()
        power.reset()
        #expect(!bench.isHigh(9))
        #expect(power.get(.four, at: 0) == 0)
        #expect(bench.clock.nextDeadline == nil)
        power.pressPowerButton()
        #expect(!bench.isHigh(9))
    }

    // MARK: Machines without fixed hardware

    @Test("The event device pulses for a press, and tells of it once")
    func eventDevice() {
        let events = GenericEventDevice(interrupt: bench.line(5), power: bench)
        events.pressPowerButton()
        #expect(bench.takeRises(5) == [0])
        #expect(!bench.isHigh(5))
        #expect(events.get(.four, at: 0) == UInt64(GenericEventDevice.powerButton))
        #expect(events.get(.four, at: 0) == 0)
        events.pressPowerButton()
        events.reset()
        #expect(events.get(.four, at: 0) == 0)
    }

    @Test("The sleep and reset registers of hardware-reduced ACPI power off and reset")
    func sleepRegisters() {
        let events = GenericEventDevice(interrupt: bench.line(5), power: bench)
        events.put(.one, 5 << 2, at: GenericEventDevice.sleepControl)
        events.put(.one, 1 << 5 | 3 << 2, at: GenericEventDevice.sleepControl)
        events.put(.four, 1 << 5 | 5 << 2, at: GenericEventDevice.sleepControl)
        #expect(bench.takeRequests() == [])
        events.put(.one, 1 << 5 | 5 << 2, at: GenericEventDevice.sleepControl)
        events.put(.one, 1, at: GenericEventDevice.resetRegister)
        #expect(bench.takeRequests() == [.shutdown, .reset])
    }

    // MARK: Resets and exits

    @Test("0xCF9 resets when RST_CPU rises, as Linux's reboot=pci writes it")
    func resetControl() {
        let control = ResetControl(power: bench)
        control.put(.one, control.get(.one, at: 0) & ~6 | 2, at: 0)
        #expect(bench.takeRequests() == [])
        control.put(.one, 6, at: 0)
        #expect(bench.takeRequests() == [.reset])
        control.put(.one, 6, at: 0)
        #expect(bench.takeRequests() == [])
        #expect(control.get(.one, at: 0) == 6)
        control.reset()
        #expect(control.get(.one, at: 0) == 0)
    }

    @Test("Port 0x92 keeps the A20 gate and resets on bit 0")
    func systemControl() {
        let control = SystemControlPort(power: bench)
        #expect(control.get(.one, at: 0) == 2)
        control.put(.one, 0, at: 0)
        #expect(control.get(.one, at: 0) == 0)
        control.put(.one, 3, at: 0)
        #expect(control.get(.one, at: 0) == 2)
        #expect(bench.takeRequests() == [.reset])
    }

    @Test("A debug exit's status is never 0", arguments: [(0, 1), (0x10, 0x21), (0xff, 0xff)])
    func debugExit(value: UInt64, status: Int32) {
        DebugExit(power: bench).put(.one, value, at: 0)
        #expect(bench.takeRequests() == [.exit(status: status)])
    }
}
