package import Bus
package import Host
internal import Synchronization

/// High precision event timers: a counter of 10 ns steps, and three comparators that interrupt when it reaches them.
///
/// ```
///                  ┌───────────────┐ = comparator 0 ──► its route, or in legacy replacement GSI 2 (the PIT's)
///   10 ns ────────►│ main counter  │ = comparator 1 ──► its route, or in legacy replacement GSI 8 (the RTC's)
///                  └───────────────┘ = comparator 2 ──► its route
///
///   0x000 capabilities   0x010 configuration   0x020 interrupt status   0x0f0 main counter
///   0x100 + 0x20 n       configuration, comparator of timer n (the FSB routes are not there)
/// ```
///
/// Every comparator can be periodic and 64 bits wide. A comparator matches when the counter *reaches* it: a value that
/// was passed already waits until the counter wraps, as on the chip; drivers read the counter back after they have set
/// one. A periodic comparator whose interrupts could not be delivered in time delivers one for all that were missed, and
/// none comes faster than every 10 µs: a guest cannot keep the host's timer thread busy with periods of nanoseconds.
///
/// Registers are 64 bits wide and answer aligned accesses of 4 and 8 bytes.
///
/// **Legacy replacement.** While LEG_RT_CNF is set, timer 0 takes the PIT's place and timer 1 the RTC's, and those two
/// must be silent. The HPET cannot silence them, above all not a PIT inside the kernel: it calls
/// `legacyReplacementChanged`, and the board connects or disconnects them (`CMOSClock.setInterruptConnected`).
///
/// IA-PC HPET Specification 1.0a.
package final class HPET: BusDevice, MachinePart {
    package static let address: UInt64 = 0xfed0_0000
    package static let size: UInt64 = 1024
    /// Intel, legacy replacement, a 64-bit counter, three timers, revision 1: what the ACPI table repeats.
    package static let blockID: UInt32 = 0x8086_a201
    /// GSI 2 and 8 for the legacy wiring, 16 to 23 for the rest: the inputs that a q35 board has free for it.
    package static let defaultRoutes: UInt32 = 0x00ff_0104

    static let nanosecondsPerTick: UInt64 = 10
    /// In femtoseconds, as the capability register says it.
    private static let period: UInt64 = nanosecondsPerTick * 1_000_000

    private enum Offset {
        static let capabilities: UInt64 = 0x000
        static let configuration: UInt64 = 0x010
        static let interruptStatus: UInt64 = 0x020
        static let counter: UInt64 = 0x0f0
        static let timers: UInt64 = 0x100
        static let timerSize: UInt64 = 0x20
    }

    private let clock: Clock
    private let lines: [InterruptLine?]
    private let legacyReplacementChanged: @Sendable (Bool) -> Void
    private let registers: Mutex<HPETRegisters>
    /// Set once, one a comparator; they hold the device weakly.
    private let timers = Mutex<[Clock.Timer]>([])

    /// - Parameters:
    ///   - routes: the global system interrupts that timers may be routed to, a bit each.
    ///   - line: the line of one of them, or of 2 or 8; asked for once. It belongs to the HPET: where other devices drive
    ///     the same input, the board gives one of an `InterruptJoin`.
    ///   - legacyReplacementChanged: called on a vCPU's thread after the guest switched legacy replacement on or off,
    ///     and on the control thread when a reset switches it off.
    package init(
        clock: Clock, routes: UInt32 = HPET.defaultRoutes, line: @Sendable (UInt32) -> InterruptLine,
        legacyReplacementChanged: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.clock = clock
        let wired = HPETRegisters.legacyRoutes.reduce(routes, |)
        lines = (0..<32).map { wired >> UInt32($0) & 1 != 0 ? line(UInt32($0)) : nil }
        self.legacyReplacementChanged = legacyReplacementChanged
        registers = Mutex(HPETRegisters(routes: routes, now: clock.now))
        let timers = (0..<HPETRegisters.timerCount).map { _ in
            clock.makeTimer { [weak self] in self?.update { _ in } }
        }
        self.timers.withLock { $0 = timers }
    }

    // MARK: Registers

    package func read(_ access: Access) -> UInt64 {
        guard let (offset, shift, mask) = HPET.place(access) else { return access.width.mask }
        return update { registers in HPET.register(offset, registers) >> shift & mask }
    }

    package func write(_ value: UInt64, _ access: Access) {
        guard let (offset, shift, mask) = HPET.place(access) else { return }
        let legacy: Bool? = update { registers in
            let before = registers.isLegacyReplacement
            let written = mask << shift
            let merged = HPET.register(offset, registers) & ~written | value << shift & written
            switch offset {
            case Offset.configuration: registers.setConfiguration(merged)
            // Write one to clear: the other half must not be merged into it.
            case Offset.interruptStatus: registers.clearStatus(value << shift & written)
            case Offset.counter: registers.setCounter(merged)
            default:
                if let (timer, part) = HPET.timer(offset) {
                    registers.write(merged, written: written, timer: timer, part: part)
                }
            }
            let after = registers.isLegacyReplacement
            return after != before ? after : nil
        }
        if let legacy { legacyReplacementChanged(legacy) }
    }

    package func reset() {
        let wasLegacy = registers.withLock { registers in
            defer { registers.reset(now: clock.now) }
            return registers.isLegacyReplacement
        }
        // Lowers the lines and takes the timers back.
        update { _ in }
        if wasLegacy { legacyReplacementChanged(false) }
    }

    /// The 64-bit register an access goes to, and where in it; nil if none is there.
    private static func place(_ access: Access) -> (offset: UInt64, shift: UInt64, mask: UInt64)? {
        guard access.width == .four || access.width == .eight, access.offset % access.width.count == 0,
            access.offset < size
        else { return nil }
        return (access.offset & ~7, access.offset % 8 * 8, access.width.mask)
    }

    /// The timer a register belongs to, and its offset there.
    private static func timer(_ offset: UInt64) -> (index: Int, part: UInt64)? {
        guard offset >= Offset.timers else { return nil }
        let index = Int((offset - Offset.timers) / Offset.timerSize)
        return index < HPETRegisters.timerCount ? (index, (offset - Offset.timers) % Offset.timerSize) : nil
    }

    /// Reserved registers read as zero.
    private static func register(_ offset: UInt64, _ registers: borrowing HPETRegisters) -> UInt64 {
        switch offset {
        case Offset.capabilities: return period << 32 | UInt64(blockID)
        case Offset.configuration: return registers.configuration
        case Offset.interruptStatus: return registers.status
        case Offset.counter: return registers.counter
        default:
            guard let (timer, part) = timer(offset) else { return 0 }
            return registers.read(timer: timer, part: part)
        }
    }

    /// Brings the registers to the present, changes them, and brings lines and timers up to date.
    private func update<Result>(_ change: (inout HPETRegisters) -> Result) -> Result {
        registers.withLock { registers in
            registers.advance(to: clock.now)
            let result = change(&registers)
            // Under the lock, so that the last level set is the right one; lines call nothing of ours.
            drive(registers.takeInterrupts())
            registers.takeDeadlines { index, deadline in
                let timer = timers.withLock { $0[index] }
                if let deadline { timer.arm(at: deadline) } else { timer.cancel() }
            }
            return result
        }
    }

    private func drive(_ interrupts: HPETRegisters.Interrupts) {
        guard !interrupts.isEmpty else { return }
        for (number, line) in lines.enumerated() {
            guard let line else { continue }
            let bit: UInt32 = 1 << UInt32(number)
            if interrupts.pulses & bit != 0 { line.pulse() }
            if interrupts.changes & bit != 0 { line.set(interrupts.levels & bit != 0) }
        }
    }
}
