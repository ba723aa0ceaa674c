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

    private static let second: UInt64 = 1_000_000_000
    /// How long before an update UIP is set.
    private static let warning: UInt64 = 244_000

    var bytes = [UInt8](repeating: 0, count: 128)
    var isNMIMasked = false
    var isConnected = true
    private var index = 0
    private var now: UInt64
    private var phase: UInt64
    private var offset: Int64
    /// The next second at which the alarm goes off.
    private var nextAlarm: Int64?
    /// Flags of register C that were raised, again or anew, since the interrupt was last taken.
    private var raised: UInt8 = 0
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
    private var chain: UInt64 { now &+ phase }

    /// The time in seconds since 1970; while time is being set, what the count would be.
    var seconds: Int64 {
        get { Int64(chain / CMOSClockRegisters.second) &+ offset }
        set {
            offset = newValue &- Int64(chain / CMOSClockRegisters.second)
            findAlarm()
        }
    }

    /// The divider chain is held at its start.
    private var isDividerReset: Bool { bytes[Index.a] & 0x60 == 0x60 }
    /// The time registers do not count.
    private var isHalted: Bool { isDividerReset || bytes[Index.b] & B.set != 0 }

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

    /// The machine time of the next event whose interrupt is enabled.
    var nextInterrupt: UInt64? {
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

    private mutating func findAlarm() {
        let alarm = CMOSClockAlarm(
            hours: bytes[Index.alarmHours], minutes: bytes[Index.alarmMinutes], seconds: bytes[Index.alarmSeconds],
            format: format)
        nextAlarm = alarm?.next(after: seconds)
    }

    // MARK: Bytes

    private var format: CMOSClockFormat {
        CMOSClockFormat(isBinary: bytes[Index.b] & B.binary != 0, is24Hours: bytes[Index.b] & B.hours24 != 0)
    }

    mutating func select(_ value: UInt8) {
        index = Int(value & 0x7f)
        isNMIMasked = value & 0x80 != 0
    }

    mutating func read() -> UInt8 {
        switch index {
        case Index.seconds, Index.minutes, Index.hours, Index.weekday...Index.year, Index.century:
            if !isHalted { storeTime() }
            return bytes[index]
        case Index.a:
            let left = Self.second - chain % Self.second
            return bytes[Index.a] | (!isHalted && left <= Self.warning ? A.updateInProgress : 0)
        case Index.c:
            let flags = bytes[Index.c]
            bytes[Index.c] = 0
            return flags | (flags & bytes[Index.b] & C.sources != 0 ? C.interrupt : 0)
        default:
            return bytes[index]
        }
    }

    mutating func write(_ value: UInt8) {
        switch index {
        case Index.seconds, Index.minutes, Index.hours, Index.weekday...Index.year, Index.century:
            if isHalted {
                bytes[index] = value
            } else {
                storeTime()
                bytes[index] = value
                loadTime()
            }
        case Index.alarmSeconds, Index.alarmMinutes, Index.alarmHours:
            bytes[index] = value
            findAlarm()
        case Index.a, Index.b: writeControl(value)
        case Index.c, Index.d: break
        default: bytes[index] = value
        }
    }

    private mutating func writeControl(_ value: UInt8) {
        let wasHalted = isHalted
        let wasDividerReset = isDividerReset
        if !wasHalted { storeTime() }
        if index == Index.a {
            bytes[Index.a] = value & ~A.updateInProgress
        } else {
            let formatChanged = (value ^ bytes[Index.b]) & (B.binary | B.hours24) != 0
            // Setting the time takes back the update interrupt.
            bytes[Index.b] = value & B.set != 0 ? value & ~B.updateEnded : value
            // The chip converts nothing; but a time that goes on is one in the new format.
            if formatChanged, !wasHalted { storeTime() }
        }
        if wasDividerReset, !isDividerReset {
            // The first update comes half a second after the dividers are let go.
            phase = (Self.second &+ Self.second / 2 &- now % Self.second) % Self.second
        }
        if wasHalted, !isHalted { loadTime() } else { findAlarm() }
    }

    /// The counted time, into the time registers.
    private mutating func storeTime() {
        let time = CMOSClockTime(secondsSince1970: seconds)
        let format = format
        bytes[Index.seconds] = format.encode(time.second)
        bytes[Index.minutes] = format.encode(time.minute)
        bytes[Index.hours] = format.encodeHour(time.hour)
        bytes[Index.weekday] = format.encode(time.weekday)
        bytes[Index.day] = format.encode(time.day)
        bytes[Index.month] = format.encode(time.month)
        bytes[Index.year] = format.encode(time.year % 100)
        bytes[Index.century] = format.encode(time.year / 100)
    }

    /// The time registers, into the count. Days and months that no calendar has carry over.
    private mutating func loadTime() {
        let format = format
        seconds = CMOSClockTime(
            year: format.decode(bytes[Index.century]) * 100 + format.decode(bytes[Index.year]),
            month: format.decode(bytes[Index.month]), day: format.decode(bytes[Index.day]),
            hour: format.decodeHour(bytes[Index.hours]), minute: format.decode(bytes[Index.minutes]),
            second: format.decode(bytes[Index.seconds])
        ).secondsSince1970
    }

    // MARK: Reset and memory size

    mutating func reset() {
        index = 0
        isNMIMasked = false
        // Through the front door, so that a time that was being set when the machine was reset goes on from there.
        index = Index.a
        writeControl(A.initial)
        index = Index.b
        writeControl(B.hours24)
        index = 0
        bytes[Index.c] = 0
    }

    /// What a BIOS's memory test would have left, for firmware and loaders that ask the CMOS.
    mutating func storeMemorySize(low: UInt64, high: UInt64) {
        func store(_ value: UInt64, _ count: Int, at indices: Int...) {
            let limit: UInt64 = 1 << UInt64(count * 8) - 1
            for index in indices {
                for byte in 0..<count {
                    bytes[index + byte] = UInt8(truncatingIfNeeded: min(value, limit) >> UInt64(byte * 8))
                }
            }
        }
        func above(_ start: UInt64) -> UInt64 { low > start ? low - start : 0 }
        // KiB below 1 MiB; KiB above it; 64 KiB blocks from 16 MiB on; 64 KiB blocks from 4 GiB on.
        store(min(low >> 10, 640), 2, at: 0x15)
        store(above(1 << 20) >> 10, 2, at: 0x17, 0x30)
        store(above(16 << 20) >> 16, 2, at: 0x34)
        store(high >> 16, 3, at: 0x5b)
        // Equipment: a mathematics coprocessor.
        bytes[0x14] = 0x02
    }
}
