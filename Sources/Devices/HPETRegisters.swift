/// What the HPET consists of, without locks, lines and clock timers.
///
/// `advance(to:)` comes before every other call; the rest is relative to the moment it was given.
struct HPETRegisters {
    static let timerCount = 3
    /// Where legacy replacement wires timers 0 and 1, whatever their routes: the PIT's input and the RTC's.
    static let legacyRoutes: [UInt32] = [1 << 2, 1 << 8]

    private enum Configuration {
        static let enable: UInt64 = 1 << 0
        static let legacyReplacement: UInt64 = 1 << 1
    }

    /// What `takeInterrupts` found, a bit for each global system interrupt.
    struct Interrupts {
        var pulses: UInt32 = 0
        /// Lines whose level changed, and all levels.
        var changes: UInt32 = 0
        var levels: UInt32 = 0

        var isEmpty: Bool { pulses | changes == 0 }
    }

    private(set) var configuration: UInt64 = 0
    private(set) var status: UInt64 = 0
    private var timers: [HPETComparator]
    private let routes: UInt32

    private var now: UInt64
    /// The counter's value when it last began to run, or while it is halted.
    private var base: UInt64 = 0
    /// When it last began to run.
    private var start: UInt64
    /// Pulses that were not taken yet, and the levels taken last.
    private var pulses: UInt32 = 0
    private var levels: UInt32 = 0
    /// The deadlines that the clock's timers have.
    private var armed = [UInt64?](repeating: nil, count: timerCount)

    init(routes: UInt32, now: UInt64) {
        self.routes = routes
        self.now = now
        start = now
        timers = (0..<Self.timerCount).map { _ in HPETComparator(routes: routes) }
    }

    var isEnabled: Bool { configuration & Configuration.enable != 0 }
    var isLegacyReplacement: Bool { configuration & Configuration.legacyReplacement != 0 }

    /// The main counter.
    var counter: UInt64 { isEnabled ? base &+ (now &- start) / HPET.nanosecondsPerTick : base }

    mutating func reset(now: UInt64) {
        let (levels, armed) = (levels, armed)
        self = HPETRegisters(routes: routes, now: now)
        // The lines and the clock's timers are still as they were.
        self.levels = levels
        self.armed = armed
    }

    /// Moves to `time`: comparators that the counter reached on the way have matched.
    mutating func advance(to time: UInt64) {
        now = max(now, time)
        guard isEnabled else { return }
        let counter = counter
        for index in timers.indices where timers[index].takeMatch(at: now, counter: counter) {
            if timers[index].isLevelTriggered {
                status |= 1 << UInt64(index)
            } else if timers[index].isInterruptEnabled {
                pulses |= bit(ofTimer: index)
            }
            findMatch(index)
        }
    }

    /// The lines to drive; pulses are handed out once.
    mutating func takeInterrupts() -> Interrupts {
        var wanted: UInt32 = 0
        for index in timers.indices where status >> UInt64(index) & 1 != 0 {
            if timers[index].isInterruptEnabled, timers[index].isLevelTriggered { wanted |= bit(ofTimer: index) }
        }
        defer {
            pulses = 0
            levels = wanted
        }
        // A line that another timer holds high has no edge to give.
        return Interrupts(pulses: pulses & ~(wanted | levels), changes: wanted ^ levels, levels: wanted)
    }

    /// When the clock has to look at a timer again. What one without interrupts does is found out when it is read.
    private func deadline(timer index: Int) -> UInt64? {
        isEnabled && timers[index].isInterruptEnabled ? timers[index].match : nil
    }

    /// Calls `arm` for each timer whose deadline has changed: reading the counter must not cost a system call.
    mutating func takeDeadlines(_ arm: (Int, UInt64?) -> Void) {
        for index in timers.indices {
            let deadline = deadline(timer: index)
            guard deadline != armed[index] else { continue }
            armed[index] = deadline
            arm(index, deadline)
        }
    }

    /// The global system interrupt that a timer is wired to now.
    private func bit(ofTimer index: Int) -> UInt32 {
        if isLegacyReplacement, index < Self.legacyRoutes.count { return Self.legacyRoutes[index] }
        return 1 << timers[index].route & routes
    }

    private mutating func findMatch(_ index: Int) {
        timers[index].findMatch(start: start, base: base, counter: counter)
    }

    // MARK: Writes

    mutating func setConfiguration(_ value: UInt64) {
        let wasEnabled = isEnabled
        let counter = counter
        configuration = value & (Configuration.enable | Configuration.legacyReplacement)
        guard wasEnabled != isEnabled else { return }
        base = counter
        start = now
        for index in timers.indices { findMatch(index) }
    }

    mutating func clearStatus(_ ones: UInt64) { status &= ~ones }

    /// The counter may be written only while it is halted (§2.3.7).
    mutating func setCounter(_ value: UInt64) {
        guard !isEnabled else { return }
        base = value
    }

    /// `value` is the whole register, of which the bits in `written` are new.
    mutating func write(_ value: UInt64, written: UInt64, timer index: Int, part: UInt64) {
        switch part {
        case HPETComparator.configurationOffset: timers[index].setConfiguration(value)
        case HPETComparator.valueOffset: timers[index].setValue(value, written: written)
        default: return
        }
        // An edge-triggered timer has no status (§2.3.6).
        if !timers[index].isLevelTriggered { status &= ~(1 << UInt64(index)) }
        findMatch(index)
    }

    func read(timer index: Int, part: UInt64) -> UInt64 {
        switch part {
        case HPETComparator.configurationOffset: timers[index].configuration
        case HPETComparator.valueOffset: timers[index].value
        default: 0
        }
    }
}
