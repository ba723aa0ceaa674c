package import Bus
internal import Glibc
package import Host
internal import Synchronization

/// The PC's real-time clock, a Motorola MC146818 at ports 0x70 and 0x71, and the battery-backed memory around it.
///
/// ```
///   0x70  index (7 bits), NMI mask (bit 7); write-only      0x00–0x09, 0x32  time, alarm, century
///   0x71  the byte at the index                             0x0a–0x0d        registers A–D
///                                                           0x0e–0x7f        memory; its size, as a BIOS leaves it
/// ```
///
/// The chip counts from the machine's clock: it stands still while the machine does. What a guest sets stays set over a
/// reset, as with a battery. An update of the time takes no time; UIP is shown for the 244 µs before it, so a driver
/// that sees UIP clear has that long to read a consistent time (and Linux checks the second once more afterwards).
///
/// While time is being set (SET, or a divider held in reset) the time registers are bytes like any other. Otherwise
/// they are computed from the clock when they are read, and a write of one moves the clock. The day of the week always
/// follows from the date.
///
/// IRQ 8 gets a pulse for every enabled event, whether or not the guest has read register C since the last: the chip
/// would wait for that, but ACPI's WAET table promises guests that this one does not.
///
/// MC146818A data sheet; ICH9 §13.6 for the ports.
package final class CMOSClock: BusDevice, MachinePart {
    package static let port: UInt64 = 0x70
    package static let portCount: UInt64 = 2
    /// The CMOS byte that counts centuries, for the FADT.
    package static let centuryRegister: UInt8 = 0x32

    private let clock: Clock
    private let interrupt: InterruptLine
    private let lowMemory: UInt64
    private let highMemory: UInt64
    private let registers: Mutex<CMOSClockRegisters>

    /// Set once; the timer holds the device weakly.
    private let timer = Mutex<Clock.Timer?>(nil)

    /// - Parameters:
    ///   - base: the time at the machine's start in seconds since 1970 (years 0 to 9999); nil: the host's, in UTC.
    ///   - lowMemory: bytes of RAM below 4 GiB.
    ///   - highMemory: bytes of RAM above.
    package init(clock: Clock, interrupt: InterruptLine, base: Int64?, lowMemory: UInt64, highMemory: UInt64) {
        self.clock = clock
        self.interrupt = interrupt
        self.lowMemory = lowMemory
        self.highMemory = highMemory
        // Two digits of century and two of year is all that the chip can show, and none of it overflows the calendar.
        let (seconds, nanoseconds) =
            base.map { (min(max($0, -62_167_219_200), 253_402_300_799), 0) } ?? CMOSClock.wallClock
        var registers = CMOSClockRegisters(now: clock.now, seconds: seconds, nanoseconds: nanoseconds)
        registers.storeMemorySize(low: lowMemory, high: highMemory)
        self.registers = Mutex(registers)
        let timer = clock.makeTimer { [weak self] in self?.update { _ in } }
        self.timer.withLock { $0 = timer }
    }

    /// The guest's time in seconds since 1970, as it would read it, for `query-rtc` and tests.
    package var time: Int64 { update { $0.seconds } }

    /// Whether the guest has masked non-maskable interrupts (port 0x70, bit 7).
    package var isNMIMasked: Bool { registers.withLock { $0.isNMIMasked } }

    /// Takes the chip's pin off IRQ 8 while something else drives it (the HPET's legacy replacement), or puts it back.
    /// From any thread.
    package func setInterruptConnected(_ isConnected: Bool) { update { $0.isConnected = isConnected } }

    // MARK: Ports

    package func read(_ access: Access) -> UInt64 {
        // The index cannot be read back.
        guard access == Access(offset: 1, width: .one) else { return access.width.mask }
        return UInt64(update { $0.read() })
    }

    package func write(_ value: UInt64, _ access: Access) {
        guard access.width == .one else { return }
        let value = UInt8(truncatingIfNeeded: value)
        switch access.offset {
        case 0: registers.withLock { $0.select(value) }
        case 1: update { $0.write(value) }
        default: break
        }
    }

    /// A reset stops interrupts and restores the control registers; the time and the memory are on battery. Memory's
    /// size is stored again, since there may be no firmware to do it.
    package func reset() {
        update { registers in
            registers.reset()
            registers.storeMemorySize(low: lowMemory, high: highMemory)
        }
    }

    /// Brings the registers to the present, changes them, gives the interrupt there is, and sets the timer.
    private func update<Result>(_ change: (inout CMOSClockRegisters) -> Result) -> Result {
        registers.withLock { registers in
            registers.advance(to: clock.now)
            let result = change(&registers)
            // Under the lock, so that a pulse comes before the guest can see its cause; the line calls nothing of ours.
            if registers.takeInterrupt() { interrupt.pulse() }
            if registers.takeDeadlineChange() {
                let timer = timer.withLock { $0 }
                if let deadline = registers.deadline { timer?.arm(at: deadline) } else { timer?.cancel() }
            }
            return result
        }
    }

    private static var wallClock: (seconds: Int64, nanoseconds: UInt64) {
        var time = timespec()
        // Writes one local variable.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return (Int64(time.tv_sec), UInt64(time.tv_nsec))
    }
}
