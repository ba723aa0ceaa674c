/// What the real-time clock consists of, without locks, lines and timers: its 128 bytes, and where its time stands.
///
/// Time is a chain of dividers that counts nanoseconds, and a count of seconds above it:
///
/// ```
///   clock.now + phase ──► nanoseconds in the second ──► periodic rate, UIP
///                    └──► whole seconds + offset ─────► time of day, alarm
/// ```
///
/// `advance(to:)` comes before every other call; the rest is relative to the moment it was given.
struct CMOSClockRegisters {
    enum Index {
        static let seconds = 0x00
        static let alarmSeconds = 0x01
        static let minutes = 0x02
        static let alarmMinutes = 0x03
        static let hours = 0x04
        static let alarmHours = 0x05
        static let weekday = 0x06
        static let day = 0x07
        static let month = 0x08
        static let year = 0x09
        static let a = 0x0a
        static let b = 0x0b
        static let c = 0x0c
        static let d = 0x0d
        static let century = Int(CMOSClock.centuryRegister)
    }

    enum A {
        static let updateInProgress: UInt8 = 1 << 7
        /// 32,768 Hz crystal, 1,024 Hz rate: what every PC's firmware leaves.
        static let initial: UInt8 = 0x26
    }

    enum B {
        static let set: UInt8 = 1 << 7
        static let periodic: UInt8 = 1 << 6
        static let alarm: UInt8 = 1 << 5
        static let updateEnded: UInt8 = 1 << 4
        static let binary: UInt8 = 1 << 2
        static let hours24: UInt8 = 1 << 1
    }

    /// Flags of register C; those of B that enable them have the same places.
    enum C {
        static let interrupt: UInt8 = 1 << 7
        static let sources: UInt8 = B.periodic | B.alarm | B.updateEnded
    }

    static let second: UInt64 = 1_000_000_000
    /// How long before an update UIP is set.
    static let warning: UInt64 = 244_000

    var bytes = [UInt8](repeating: 0, count: 128)
    var isNMIMasked = false
    var isConnected = true
    var index = 0
    private(set) var now: UInt64
    var phase: UInt64
    private var offset: Int64
    /// The next second at which the alarm goes off.
    private var nextAlarm: Int64?
    /// Flags of register C that were raised, again or anew, since the interrupt was last taken.
    private var raised: UInt8 = 0
    /// When the clock's timer expires.
    private(set) var deadline: UInt64?
    /// Whether an enabled flag stood when the interrupt was last taken.
    private var wasPending = false

    init(now: UInt64, seconds: Int64, nanoseconds: UInt64) {
        self.now = now
        let second = CMOSClockRegisters.second
        phase = (second &+ nanoseconds % second &- now % second) % second
        offset = 0
        bytes[Index.a] = A.initial
        bytes[Index.b] = B.hours24
        bytes[Index.d] = 0x80
        self.seconds = seconds
    }

    // MARK: Time

    /// What the dividers count.
    var chain: UInt64 { now &+ phase }

    /// The time in seconds since 1970; while time is being set, what the count would be.
    var seconds: Int64 {
        get { Int64(chain / CMOSClockRegisters.second) &+ offset }
        set {
            offset = newValue &- Int64(chain / CMOSClockRegisters.second)
            findAlarm()
        }
    }

    /// The divider chain is held at its start.
    var isDividerReset: Bool { bytes[Index.a] & 0x60 == 0x60 }
    /// The time registers do not count.
    var isHalted: Bool { isDividerReset || bytes[Index.b] & B.set != 0 }

    /// The periodic rate as a shift of 32,768 Hz, or nil for none.
    private var rate: UInt64? {
        switch bytes[Index.a] & 0x0f {
        case 0: nil
        // The two fastest codes name slow rates again, with this crystal.
        case 1: 7
        case 2: 8
        case let code: UInt64(code - 1)
        }
    }

    /// Periods since the chain was at 0, and the chain's nanoseconds at the start of another.
    private func period(_ shift: UInt64) -> UInt64 {
        let ticks = chain / Self.second &* 32_768 &+ chain % Self.second * 32_768 / Self.second
        return ticks >> shift
    }

    private func start(ofPeriod number: UInt64, _ shift: UInt64) -> UInt64 {
        let ticks = number << shift
        return ticks / 32_768 &* Self.second &+ (ticks % 32_768 * Self.second + 32_767) / 32_768
    }

    /// Moves to `time`, and notes in register C what happened on the way.
    mutating func advance(to time: UInt64) {
        guard time > now else { return }
        let secondsBefore = chain / Self.second
        let shift = rate
        let periodBefore = shift.map { period($0) }
        now = time
        if let shift, !isDividerReset, period(shift) != periodBefore { raise(B.periodic) }
        guard !isHalted, chain / Self.second != secondsBefore else { return }
        raise(B.updateEnded)
        if let nextAlarm, seconds >= nextAlarm {
            raise(B.alarm)
            findAlarm()
        }
    }

    private mutating func raise(_ flag: UInt8) {
        bytes[Index.c] |= flag
        raised |= flag
    }

    /// Brings `deadline` up to date; true if it changed, for a read must not cost a system call.
    mutating func takeDeadlineChange() -> Bool {
        let next = nextInterrupt
        defer { deadline = next }
        return next != deadline
    }

    /// The machine time of the next event whose interrupt is enabled.
    private var nextInterrupt: UInt64? {
        let enabled = bytes[Index.b]
        var deadline: UInt64?
        func consider(_ time: UInt64) { deadline = min(deadline ?? time, time) }
        if enabled & B.periodic != 0, let rate, !isDividerReset {
            consider(start(ofPeriod: period(rate) + 1, rate))
        }
        if !isHalted {
            if enabled & B.updateEnded != 0 { consider((chain / Self.second + 1) &* Self.second) }
            if enabled & B.alarm != 0, let nextAlarm {
                consider(UInt64(clamping: nextAlarm &- offset) &* Self.second)
            }
        }
        return deadline.map { $0 &- phase }
    }

    /// Whether there is an interrupt to give: an enabled event happened, or one of before was enabled.
    mutating func takeInterrupt() -> Bool {
        let pending = bytes[Index.b] & bytes[Index.c] & C.sources != 0
        defer {
            raised = 0
            wasPending = pending
        }
        return isConnected && (bytes[Index.b] & raised & C.sources != 0 || pending && !wasPending)
    }

    mutating func findAlarm() {
        let alarm = CMOSClockAlarm(
            hours: bytes[Index.alarmHours], minutes: bytes[Index.alarmMinutes], seconds: bytes[Index.alarmSeconds],
            format: format)
        nextAlarm = alarm?.next(after: seconds)
    }
}
