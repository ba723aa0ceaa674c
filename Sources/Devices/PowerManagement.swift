package import Bus
package import Host
internal import Synchronization

/// ACPI's fixed hardware as the ICH9 has it: a block of 128 ports (Intel ICH9 §13.8.3, ACPI 6.4 §4.8.3).
///
/// ```
///   0x00 PM1_STS  16   write 1 to clear      0x20 GPE0_STS  64   write 1 to clear
///   0x02 PM1_EN   16                         0x28 GPE0_EN   64
///   0x04 PM1_CNT  32   SCI_EN, SLP_TYP       0x30 SMI_EN    32   stored
///   0x08 PM_TMR   32   24 bits at 3.579545 MHz, read-only
/// ```
///
/// The System Control Interrupt is a level: high while an enabled status bit is set. There is no System Management
/// Mode, so ACPI is always on and SCI_EN always set.
package final class PowerManagement: BusDevice, MachinePart {
    package static let size: UInt64 = 128

    /// PM_TMR's frequency in Hz.
    package static let timerFrequency: UInt64 = 3_579_545

    private enum Offset {
        static let status: UInt64 = 0x00
        static let enable: UInt64 = 0x02
        static let control: UInt64 = 0x04
        static let timer: UInt64 = 0x08
        static let gpeStatus: UInt64 = 0x20
        static let gpeEnable: UInt64 = 0x28
        static let smiEnable: UInt64 = 0x30
    }

    private enum Status {
        static let timer: UInt16 = 1 << 0
        static let powerButton: UInt16 = 1 << 8
        /// Global lock, wake and RTC besides.
        static let writable: UInt16 = 0x8d31
    }

    private enum Control {
        static let sciEnabled: UInt32 = 1 << 0
        static let sleepEnable: UInt32 = 1 << 13
        static func type(_ value: UInt32) -> UInt8 { UInt8(value >> 10 & 7) }
    }

    private struct Registers {
        var status: UInt16 = 0
        var enable: UInt16 = 0
        var control: UInt32 = Control.sciEnabled
        var gpeStatus: UInt64 = 0
        var gpeEnable: UInt64 = 0
        var smiEnable: UInt32 = 0
        /// The half period of the timer in which TMR_STS was last brought up to date.
        var seenHalf: UInt64 = 0
        /// The level that the SCI line was last set to.
        var level = false

        var wantsInterrupt: Bool { status & enable != 0 || gpeStatus & gpeEnable != 0 }
    }

    private let clock: Clock
    private let interrupt: InterruptLine
    private let power: any PowerControl
    private let softOffType: UInt8
    private let registers = Mutex(Registers())
    private let overflow = Mutex<Clock.Timer?>(nil)

    /// - Parameter softOffType: the SLP_TYP that `\_S5` names.
    package init(clock: Clock, interrupt: InterruptLine, power: any PowerControl, softOffType: UInt8 = 0) {
        self.clock = clock
        self.interrupt = interrupt
        self.power = power
        self.softOffType = softOffType
        let timer = clock.makeTimer { [weak self] in self?.update { _ in } }
        overflow.withLock { $0 = timer }
    }

    /// The power button: a status bit, and an interrupt if the guest listens.
    package func pressPowerButton() { update { $0.status |= Status.powerButton } }

    /// Raises bits of GPE0, from any thread.
    package func raise(generalPurposeEvents bits: UInt64) { update { $0.gpeStatus |= bits } }

    // MARK: Registers

    package func read(_ access: Access) -> UInt64 {
        guard access.width != .eight else { return access.width.mask }
        update { _ in }
        return registers.withLock { registers in
            var value: UInt64 = 0
            for index in 0..<access.width.count {
                value |= UInt64(byte(access.offset &+ index, registers)) << (index * 8)
            }
            return value
        }
    }

    /// One byte of the block: registers may be read in any width.
    private func byte(_ offset: UInt64, _ registers: borrowing Registers) -> UInt8 {
        func part(_ value: UInt64, of base: UInt64) -> UInt8 {
            UInt8(truncatingIfNeeded: value >> ((offset - base) * 8))
        }
        return switch offset {
        case Offset.status..<Offset.enable: part(UInt64(registers.status), of: Offset.status)
        case Offset.enable..<Offset.control: part(UInt64(registers.enable), of: Offset.enable)
        case Offset.control..<Offset.timer: part(UInt64(registers.control), of: Offset.control)
        case Offset.timer..<Offset.timer + 4: part(ticks & 0xff_ffff, of: Offset.timer)
        case Offset.gpeStatus..<Offset.gpeEnable: part(registers.gpeStatus, of: Offset.gpeStatus)
        case Offset.gpeEnable..<Offset.smiEnable: part(registers.gpeEnable, of: Offset.gpeEnable)
        case Offset.smiEnable..<Offset.smiEnable + 4: part(UInt64(registers.smiEnable), of: Offset.smiEnable)
        default: 0
        }
    }

    package func write(_ value: UInt64, _ access: Access) {
        guard access.width != .eight else { return }
        var sleeps = false
        update { registers in
            for index in 0..<access.width.count {
                let byte = UInt8(truncatingIfNeeded: value >> (index * 8))
                sleeps = write(byte, at: access.offset &+ index, &registers) || sleeps
            }
        }
        if sleeps { power.request(.shutdown) }
    }

    /// Writes one byte; true if it sends the machine to soft off.
    private func write(_ byte: UInt8, at offset: UInt64, _ registers: inout Registers) -> Bool {
        func replaced(_ old: UInt64, of base: UInt64) -> UInt64 {
            let shift = (offset - base) * 8
            return old & ~(0xff << shift) | UInt64(byte) << shift
        }
        func cleared(_ old: UInt64, of base: UInt64) -> UInt64 { old & ~(UInt64(byte) << ((offset - base) * 8)) }
        switch offset {
        case Offset.status..<Offset.enable:
            registers.status = UInt16(truncatingIfNeeded: cleared(UInt64(registers.status), of: Offset.status))
        case Offset.enable..<Offset.control:
            let value = replaced(UInt64(registers.enable), of: Offset.enable)
            registers.enable = UInt16(truncatingIfNeeded: value) & Status.writable
        case Offset.control..<Offset.timer:
            let value = UInt32(truncatingIfNeeded: replaced(UInt64(registers.control), of: Offset.control))
            registers.control = value & ~Control.sleepEnable | Control.sciEnabled
            // SLP_EN is a trigger and reads as zero. It shares its byte with SLP_TYP.
            return value & Control.sleepEnable != 0 && Control.type(value) == softOffType
        case Offset.gpeStatus..<Offset.gpeEnable:
            registers.gpeStatus = cleared(registers.gpeStatus, of: Offset.gpeStatus)
        case Offset.gpeEnable..<Offset.smiEnable:
            registers.gpeEnable = replaced(registers.gpeEnable, of: Offset.gpeEnable)
        case Offset.smiEnable..<Offset.smiEnable + 4:
            registers.smiEnable = UInt32(
                truncatingIfNeeded: replaced(UInt64(registers.smiEnable), of: Offset.smiEnable))
        default: break
        }
        return false
    }

    // MARK: Timer and interrupt

    /// PM_TMR without its limit of 24 bits.
    private var ticks: UInt64 {
        // Parted, so that the product cannot overflow in any lifetime of a machine.
        let now = clock.now
        return now / 1_000_000_000 &* PowerManagement.timerFrequency
            &+ now % 1_000_000_000 * PowerManagement.timerFrequency / 1_000_000_000
    }

    /// Changes registers, and brings what hangs on them up to date: the timer's status, its next deadline, the line.
    private func update(_ change: (inout Registers) -> Void) {
        let half = ticks >> 23
        registers.withLock { registers in
            // TMR_STS is set whenever bit 23 of the timer changes.
            if half != registers.seenHalf {
                registers.seenHalf = half
                registers.status |= Status.timer
            }
            change(&registers)
            let level = registers.wantsInterrupt
            // Under the lock, so that the last level set is the right one; the line calls nothing of ours.
            if level != registers.level {
                registers.level = level
                interrupt.set(level)
            }
            let timer = overflow.withLock { $0 }
            if registers.enable & Status.timer != 0, registers.status & Status.timer == 0 {
                timer?.arm(at: PowerManagement.nanoseconds(ofTick: (half + 1) << 23))
            } else {
                timer?.cancel()
            }
        }
    }

    /// The first nanosecond at which the timer shows `tick`.
    private static func nanoseconds(ofTick tick: UInt64) -> UInt64 {
        tick / timerFrequency &* 1_000_000_000
            &+ (tick % timerFrequency * 1_000_000_000 + timerFrequency - 1) / timerFrequency
    }

    package func reset() {
        let half = ticks >> 23
        registers.withLock { registers in
            interrupt.set(false)
            registers = Registers()
            registers.seenHalf = half
        }
        overflow.withLock { $0 }?.cancel()
    }
}
