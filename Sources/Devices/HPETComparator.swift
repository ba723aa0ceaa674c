/// One of the HPET's timers: a value that the counter is compared with, and what happens when they meet.
///
/// IA-PC HPET Specification 1.0a §2.3.8, §2.3.9.
struct HPETComparator {
    static let configurationOffset: UInt64 = 0x00
    static let valueOffset: UInt64 = 0x08

    /// No periodic interrupts faster than this, in nanoseconds.
    static let shortestPeriod: UInt64 = 10_000

    private enum Configuration {
        static let levelTriggered: UInt64 = 1 << 1
        static let interruptEnabled: UInt64 = 1 << 2
        static let periodic: UInt64 = 1 << 3
        static let periodicCapable: UInt64 = 1 << 4
        static let wideCapable: UInt64 = 1 << 5
        static let setsValue: UInt64 = 1 << 6
        static let forced32Bits: UInt64 = 1 << 8
        static let route: UInt64 = 0x1f << 9
        static let writable = levelTriggered | interruptEnabled | periodic | setsValue | forced32Bits | route
    }

    private(set) var configuration: UInt64
    /// The comparator; in periodic mode the accumulator behind it.
    private(set) var value: UInt64 = .max
    /// What the accumulator grows by, in ticks.
    private var period: UInt64 = 0
    /// The machine time at which the counter reaches the value, as far as it matters.
    private(set) var match: UInt64?
    /// The earliest time of the next periodic interrupt.
    private var earliest: UInt64 = 0

    init(routes: UInt32) {
        configuration = UInt64(routes) << 32 | Configuration.periodicCapable | Configuration.wideCapable
    }

    var isLevelTriggered: Bool { configuration & Configuration.levelTriggered != 0 }
    var isInterruptEnabled: Bool { configuration & Configuration.interruptEnabled != 0 }
    var route: UInt32 { UInt32(configuration >> 9 & 0x1f) }

    private var isPeriodic: Bool { configuration & Configuration.periodic != 0 }
    private var is32Bits: Bool { configuration & Configuration.forced32Bits != 0 }
    private var mask: UInt64 { is32Bits ? 0xffff_ffff : .max }

    /// A route that the board does not offer is not taken: the old one reads back, and software sees it.
    mutating func setConfiguration(_ new: UInt64) {
        var writable = Configuration.writable
        let route = new >> 9 & 0x1f
        if configuration >> (32 + route) & 1 == 0 { writable &= ~Configuration.route }
        configuration = configuration & ~writable | new & writable
        if is32Bits {
            value &= mask
            period &= mask
        }
    }

    /// Writes those bits of the comparator that are in `written`. In periodic mode that is the period; with VAL_SET the
    /// accumulator too, once.
    mutating func setValue(_ new: UInt64, written: UInt64) {
        func merged(_ old: UInt64) -> UInt64 { (old & ~written | new & written) & mask }
        if !isPeriodic || configuration & Configuration.setsValue != 0 { value = merged(value) }
        if isPeriodic { period = merged(period) }
        configuration &= ~Configuration.setsValue
    }

    /// Whether the counter has met the value by `now`; a periodic value has then moved on past `counter`.
    mutating func takeMatch(at now: UInt64, counter: UInt64) -> Bool {
        guard let match, match <= now else { return false }
        self.match = nil
        earliest = now &+ Self.shortestPeriod
        if isPeriodic, period > 0 {
            let behind = (counter &- value) & mask
            value = (value &+ (behind / period &+ 1) &* period) & mask
        }
        return true
    }

    /// Computes `match`, for a counter that showed `base` at `start` and shows `counter` now.
    mutating func findMatch(start: UInt64, base: UInt64, counter: UInt64) {
        match = nil
        // Equal means met already: the counter comes by again when it has gone round.
        let distance = (value &- counter) & mask
        let ticks = (distance == 0 ? mask : distance - 1).addingReportingOverflow(1)
        let total = (counter &- base).addingReportingOverflow(ticks.partialValue)
        let nanoseconds = total.partialValue.multipliedReportingOverflow(by: HPET.nanosecondsPerTick)
        let time = start.addingReportingOverflow(nanoseconds.partialValue)
        // In more than five centuries.
        guard !ticks.overflow, !total.overflow, !nanoseconds.overflow, !time.overflow else { return }
        match = isPeriodic ? max(time.partialValue, earliest) : time.partialValue
    }
}
