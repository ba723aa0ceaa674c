/// The 128 bytes as the guest reads and writes them.
extension CMOSClockRegisters {
    var format: CMOSClockFormat {
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
        seconds =
            CMOSClockTime(
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
