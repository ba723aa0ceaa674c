import Bus
import Devices
import Glibc
import Host
import Testing

/// The clock as Linux's rtc-cmos and mc146818 library drive it.
@Suite("CMOSClock")
struct CMOSClockTests {
    let bench: Bench
    let rtc: CMOSClock

    /// 2024-02-28 23:59:50, a Wednesday before a leap day.
    private static let leapEve: Int64 = 1_709_164_790

    init() throws {
        bench = try Bench()
        rtc = CMOSClock(
            clock: bench.clock, interrupt: bench.line(8), base: CMOSClockTests.leapEve, lowMemory: 2 << 30,
            highMemory: 6 << 30)
    }

    private func cmos(_ index: UInt64) -> UInt8 {
        rtc.put(.one, index, at: 0)
        return UInt8(truncatingIfNeeded: rtc.get(.one, at: 1))
    }

    private func store(_ value: UInt8, _ index: UInt64) {
        rtc.put(.one, index, at: 0)
        rtc.put(.one, UInt64(value), at: 1)
    }

    private func advance(_ nanoseconds: UInt64) { bench.clock.advance(to: bench.clock.now + nanoseconds) }

    /// Year, month, day, hour, minute, second as the registers show them.
    private var shown: [UInt8] { [0x32, 0x09, 0x08, 0x07, 0x04, 0x02, 0x00].map { cmos($0) } }

    /// `mc146818_set_time`: SET and a stopped divider around the writes.
    private func setTime(_ bytes: [UInt8]) {
        let control = cmos(0x0b)
        store(control | 0x80, 0x0b)
        let frequency = cmos(0x0a)
        store(frequency | 0x70, 0x0a)
        for (index, byte) in zip([0x32, 0x09, 0x08, 0x07, 0x04, 0x02, 0x00] as [UInt64], bytes) { store(byte, index) }
        store(control, 0x0b)
        store(frequency, 0x0a)
    }

    @Test("Time reads in BCD and 24 hours, and runs into a leap day")
    func counts() {
        #expect(cmos(0x0d) & 0x80 != 0)
        #expect(cmos(0x0b) == 0x02)
        #expect(shown == [0x20, 0x24, 0x02, 0x28, 0x23, 0x59, 0x50])
        #expect(cmos(0x06) == 4)
        advance(10 * second)
        #expect(shown == [0x20, 0x24, 0x02, 0x29, 0x00, 0x00, 0x00])
        #expect(cmos(0x06) == 5)
        advance(86_400 * second)
        #expect(shown == [0x20, 0x24, 0x03, 0x01, 0x00, 0x00, 0x00])
    }

    @Test("UIP is set in the last 244 µs of a second and at no other time")
    func updateInProgress() {
        for (time, isSet) in [(0, false), (second - 244_001, false), (second - 244_000, true), (second - 1, true)] {
            bench.clock.advance(to: time)
            #expect((cmos(0x0a) & 0x80 != 0) == isSet, "at \(time) ns")
        }
        bench.clock.advance(to: second)
        #expect(cmos(0x0a) == 0x26)
        #expect(cmos(0x00) == 0x51)
        // mc146818_avoid_UIP wants no more than 10 ms of it.
        store(0x82, 0x0b)
        bench.clock.advance(to: 2 * second - 1)
        #expect(cmos(0x0a) & 0x80 == 0)
    }

    @Test("A time set the way Linux does is kept over a reset, its first second half a second long")
    func setsTime() {
        advance(300 * millisecond)
        setTime([0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59])
        #expect(shown == [0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59])
        #expect(rtc.time == 946_684_799)
        advance(500 * millisecond - 1)
        #expect(cmos(0x00) == 0x59)
        advance(1)
        #expect(shown == [0x20, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00])
        rtc.reset()
        advance(second)
        #expect(shown == [0x20, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01])
    }

    @Test("While SET is on the registers stand still and hold what is written")
    func setBit() {
        store(0x92, 0x0b)
        // SET takes back the update interrupt.
        #expect(cmos(0x0b) == 0x82)
        advance(5 * second)
        #expect(cmos(0x00) == 0x50)
        store(0x31, 0x07)
        #expect(cmos(0x07) == 0x31)
        store(0x02, 0x0b)
        // 31 February 2024 is 2 March.
        #expect(shown == [0x20, 0x24, 0x03, 0x02, 0x23, 0x59, 0x50])
    }

    @Test("A reset in the middle of setting lets time go on")
    func resetWhileSetting() {
        store(0x82, 0x0b)
        store(0x76, 0x0a)
        store(0x11, 0x00)
        rtc.reset()
        advance(second)
        #expect(cmos(0x00) == 0x12)
    }

    @Test("Formats: binary and twelve hours", arguments: [(0x06, 23, 59), (0x04, 0x8b, 59), (0x00, 0x91, 0x59)])
    func formats(control: UInt8, hour: UInt8, minute: UInt8) {
        store(control, 0x0b)
        #expect(cmos(0x04) == hour)
        #expect(cmos(0x02) == minute)
        advance(10 * second)
        #expect(cmos(0x04) == (control & 0x02 != 0 ? 0 : control & 0x04 != 0 ? 12 : 0x12))
    }

    @Test("A register written without SET moves the clock")
    func writesWhileRunning() {
        store(0x30, 0x02)
        #expect(rtc.time == Self.leapEve - 29 * 60)
        advance(10 * second)
        #expect(shown == [0x20, 0x24, 0x02, 0x28, 0x23, 0x31, 0x00])
    }

    @Test("The alarm comes in its second, once a day")
    func alarm() {
        for (value, index) in zip([0x05, 0x00, 0x00] as [UInt8], [0x01, 0x03, 0x05] as [UInt64]) { store(value, index) }
        _ = cmos(0x0c)
        store(0x22, 0x0b)
        bench.clock.advance(to: 3 * 86_400 * second)
        #expect(bench.takeRises(8) == [15, 86_415, 172_815].map { $0 * second })
        #expect(cmos(0x0c) & 0xa0 == 0xa0)
        #expect(cmos(0x0c) == 0)
    }

    @Test("An alarm of any hour and minute comes every minute; one that no clock shows never")
    func alarmWildcards() {
        store(0x30, 0x01)
        store(0xff, 0x03)
        store(0xc0, 0x05)
        store(0x22, 0x0b)
        bench.clock.advance(to: 130 * second)
        #expect(bench.takeRises(8) == [40, 100].map { $0 * second })
        store(0x75, 0x01)
        bench.clock.advance(to: 2 * 86_400 * second)
        #expect(bench.takeRises(8) == [])
    }

    @Test("Update-ended interrupts come with each second, acknowledged or not")
    func updateEnded() {
        advance(second / 4)
        store(0x12, 0x0b)
        bench.clock.advance(to: 3 * second + 1)
        #expect(bench.takeRises(8) == [1, 2, 3].map { $0 * second })
        #expect(cmos(0x0c) & 0x90 == 0x90)
        store(0x02, 0x0b)
        bench.clock.advance(to: 10 * second)
        #expect(bench.takeRises(8) == [])
        // Seen by those who poll, too.
        #expect(cmos(0x0c) & 0x90 == 0x10)
    }

    @Test("Periodic interrupts come at the rate of register A", arguments: [(0x26, 1024), (0x2f, 2), (0x21, 256)])
    func periodic(control: UInt8, rate: UInt64) {
        store(control, 0x0a)
        store(0x42, 0x0b)
        bench.clock.advance(to: 2 * second)
        let rises = bench.takeRises(8)
        #expect(rises.count == Int(2 * rate))
        #expect(rises.first == (second + rate - 1) / rate)
        #expect(rises.last == 2 * second)
        store(control & 0xf0, 0x0a)
        bench.clock.advance(to: 3 * second)
        #expect(bench.takeRises(8) == [])
    }

    @Test("No interrupt leaves a chip that is off its line")
    func disconnected() {
        store(0x12, 0x0b)
        rtc.setInterruptConnected(false)
        bench.clock.advance(to: 2 * second)
        #expect(bench.takeRises(8) == [])
        rtc.setInterruptConnected(true)
        bench.clock.advance(to: 3 * second)
        #expect(bench.takeRises(8) == [3 * second])
    }

    @Test("A reset ends interrupts and keeps memory")
    func reset() {
        store(0x72, 0x0b)
        store(0x5a, 0x40)
        advance(2 * second)
        _ = bench.takeRises(8)
        rtc.reset()
        #expect(cmos(0x0b) == 0x02)
        #expect(cmos(0x0c) == 0)
        #expect(cmos(0x40) == 0x5a)
        advance(5 * second)
        #expect(bench.takeRises(8) == [])
        #expect(bench.clock.nextDeadline == nil)
    }

    @Test("Memory's size is where firmware looks for it")
    func memorySize() {
        func word(_ index: UInt64) -> Int { Int(cmos(index)) | Int(cmos(index + 1)) << 8 }
        #expect(word(0x15) == 640)
        #expect(word(0x17) == 0xffff)
        #expect(word(0x30) == 0xffff)
        #expect(word(0x34) == ((2 << 30) - (16 << 20)) >> 16)
        #expect(word(0x5b) | Int(cmos(0x5d)) << 16 == (6 << 30) >> 16)
        store(0, 0x34)
        rtc.reset()
        #expect(word(0x34) != 0)
    }

    @Test("The index is seven bits, with the NMI mask above, and cannot be read")
    func index() {
        rtc.put(.one, 0x8d, at: 0)
        #expect(rtc.isNMIMasked)
        #expect(rtc.get(.one, at: 1) == 0x80)
        #expect(rtc.get(.one, at: 0) == 0xff)
        #expect(rtc.get(.two, at: 0) == 0xffff)
    }

    @Test("Without a base the clock starts at the host's time")
    func hostTime() {
        let before = Int64(Glibc.time(nil))
        let rtc = CMOSClock(clock: bench.clock, interrupt: bench.line(8), base: nil, lowMemory: 0, highMemory: 0)
        // The two host clocks differ by a tick of the kernel's.
        let after = Int64(Glibc.time(nil))
        #expect((before - 1...after + 1).contains(rtc.time))
        let start = rtc.time
        advance(60 * second)
        #expect(rtc.time == start + 60)
    }

    @Test("A base beyond the calendar is its end", arguments: [Int64.min, .max])
    func extremes(base: Int64) {
        let rtc = CMOSClock(clock: bench.clock, interrupt: bench.line(8), base: base, lowMemory: 0, highMemory: .max)
        rtc.put(.one, 0x09, at: 0)
        #expect(rtc.get(.one, at: 1) == (base < 0 ? 0x00 : 0x99))
        bench.clock.advance(to: 10 * second)
        #expect(rtc.get(.one, at: 1) == 0x00)
    }
}
