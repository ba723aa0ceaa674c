import Bus
import Devices
import Host
import Synchronization
import Testing

/// The timers as Linux's hpet clock source, clock events and /dev/hpet drive them.
@Suite("HPET")
struct HPETTests {
    /// What the board was told of legacy replacement.
    final class Calls: Sendable {
        private let values = Mutex<[Bool]>([])
        func append(_ value: Bool) { values.withLock { $0.append(value) } }
        var all: [Bool] { values.withLock { $0 } }
    }

    private enum Bits {
        static let level: UInt64 = 1 << 1
        static let enable: UInt64 = 1 << 2
        static let periodic: UInt64 = 1 << 3
        static let setValue: UInt64 = 1 << 6
        static let narrow: UInt64 = 1 << 8
        static func route(_ gsi: UInt64) -> UInt64 { gsi << 9 }
    }

    let bench: Bench
    let calls = Calls()
    let hpet: HPET

    init() throws {
        bench = try Bench()
        let (bench, calls) = (bench, calls)
        hpet = HPET(clock: bench.clock, line: { bench.line($0) }, legacyReplacementChanged: { calls.append($0) })
    }

    private func readl(_ offset: UInt64) -> UInt64 { hpet.get(.four, at: offset) }
    private func writel(_ value: UInt64, _ offset: UInt64) { hpet.put(.four, value, at: offset) }
    private func configure(_ timer: UInt64, _ value: UInt64) { writel(value, 0x100 + 0x20 * timer) }
    private func compare(_ timer: UInt64, _ value: UInt64) { writel(value, 0x108 + 0x20 * timer) }

    @Test("The probe finds a 10 ns counter, three timers and legacy replacement")
    func probe() {
        #expect(readl(0x000) == UInt64(HPET.blockID))
        #expect(readl(0x004) == 10_000_000)
        #expect(hpet.get(.eight, at: 0) == 10_000_000 << 32 | 0x8086_a201)
        for timer in 0..<3 as Range<UInt64> {
            // Periodic and 64 bits wide; /dev/hpet finds a route above the ISA interrupts.
            #expect(readl(0x100 + 0x20 * timer) == 0x30)
            #expect(readl(0x104 + 0x20 * timer) & ~0xffff != 0)
            #expect(hpet.get(.eight, at: 0x108 + 0x20 * timer) == .max)
        }
        #expect(readl(0x010) == 0)
    }

    @Test("The counter runs only while it is enabled, and is set only while it is not")
    func counter() {
        bench.clock.advance(to: second)
        #expect(hpet.get(.eight, at: 0xf0) == 0)
        writel(0xffff_fff0, 0xf0)
        writel(0x1, 0xf4)
        writel(1, 0x010)
        bench.clock.advance(to: second + 160)
        #expect(hpet.get(.eight, at: 0xf0) == 0x2_0000_0000)
        #expect(readl(0xf0) == 0 && readl(0xf4) == 2)
        writel(7, 0xf0)
        #expect(readl(0xf0) == 0)
        writel(0, 0x010)
        bench.clock.advance(to: 2 * second)
        #expect(readl(0xf0) == 0)
        writel(1, 0x010)
        bench.clock.advance(to: 2 * second + 50)
        #expect(readl(0xf0) == 5)
    }

    @Test("A one-shot interrupts at its time, once")
    func oneShot() {
        writel(3, 0x010)
        bench.clock.advance(to: 1_005)
        configure(0, Bits.enable | Bits.narrow)
        compare(0, readl(0xf0) + 1000)
        bench.clock.advance(to: 40 * second)
        #expect(bench.takeRises(2) == [11_000])
        // In 32-bit mode the counter comes by again.
        bench.clock.advance(to: 45 * second)
        #expect(bench.takeRises(2) == [11_000 + 10 << 32])
    }

    @Test("A 64-bit comparator that was passed waits for ever")
    func passed() {
        writel(1, 0x010)
        bench.clock.advance(to: second)
        configure(1, Bits.enable | Bits.route(16))
        hpet.put(.eight, 5, at: 0x128)
        #expect(bench.clock.nextDeadline == nil)
        hpet.put(.eight, 0x2_0000_0000, at: 0x128)
        bench.clock.advance(to: 100 * second)
        #expect(bench.takeRises(16) == [10 * 0x2_0000_0000])
    }

    @Test("A periodic timer set the way Linux does ticks exactly")
    func periodic() {
        writel(3, 0x010)
        bench.clock.advance(to: 12_345)
        // hpet_clkevt_set_state_periodic: stop, start value with VAL_SET, then the period.
        writel(2, 0x010)
        let now = readl(0xf0)
        configure(0, readl(0x100) | Bits.enable | Bits.periodic | Bits.setValue | Bits.narrow)
        compare(0, now + 100_000)
        #expect(readl(0x100) & Bits.setValue == 0)
        bench.clock.advance(to: 20_000)
        compare(0, 100_000)
        writel(3, 0x010)
        bench.clock.advance(to: 5 * millisecond)
        let first = 20_000 + millisecond
        #expect(bench.takeRises(2) == (0..<4).map { first + $0 * millisecond })
        // The accumulator shows the next.
        #expect(readl(0x108) == now + 500_000)
        configure(0, readl(0x100) & ~Bits.enable)
        bench.clock.advance(to: 20 * millisecond)
        #expect(bench.takeRises(2) == [])
        #expect(readl(0x108) == now + 2_000_000)
    }

    @Test("A period of nanoseconds does not keep the host busy")
    func flood() {
        configure(0, Bits.enable | Bits.periodic | Bits.setValue | Bits.narrow | Bits.route(16))
        compare(0, 1)
        compare(0, 1)
        writel(1, 0x010)
        bench.clock.advance(to: millisecond)
        #expect(bench.takeRises(16).count == 100)
        configure(0, Bits.enable | Bits.periodic | Bits.setValue | Bits.narrow | Bits.route(16))
        compare(0, 0)
        bench.clock.advance(to: second)
        #expect(bench.takeRises(16).count <= 1)
    }

    @Test("A level-triggered timer holds its line until its status is cleared")
    func level() {
        configure(2, Bits.enable | Bits.level | Bits.narrow | Bits.route(20))
        compare(2, 100)
        writel(1, 0x010)
        bench.clock.advance(to: 999)
        #expect(!bench.isHigh(20) && readl(0x20) == 0)
        bench.clock.advance(to: 1000)
        #expect(bench.isHigh(20) && readl(0x20) == 4)
        writel(3, 0x20)
        #expect(bench.isHigh(20))
        // The enable bit gates the line, not the status; a halted counter changes neither.
        configure(2, Bits.level | Bits.narrow | Bits.route(20))
        #expect(!bench.isHigh(20) && readl(0x20) == 4)
        configure(2, Bits.enable | Bits.level | Bits.narrow | Bits.route(20))
        writel(0, 0x010)
        #expect(bench.isHigh(20))
        writel(4, 0x20)
        #expect(!bench.isHigh(20) && readl(0x20) == 0)
    }

    @Test("Two level-triggered timers share a line")
    func sharedLine() {
        for timer in 0..<2 as Range<UInt64> {
            configure(timer, Bits.enable | Bits.level | Bits.narrow | Bits.route(17))
            compare(timer, 100 * (timer + 1))
        }
        writel(1, 0x010)
        bench.clock.advance(to: 3000)
        #expect(readl(0x20) == 3)
        writel(1, 0x20)
        #expect(bench.isHigh(17))
        writel(2, 0x20)
        #expect(!bench.isHigh(17))
    }

    @Test("Legacy replacement moves timers 0 and 1, and the board hears of it")
    func legacy() {
        for timer in 0..<2 as Range<UInt64> {
            configure(timer, Bits.enable | Bits.narrow | Bits.route(18))
            compare(timer, 100)
        }
        writel(3, 0x010)
        writel(3, 0x010)
        #expect(calls.all == [true])
        bench.clock.advance(to: 1000)
        #expect(bench.takeRises(2) == [1000])
        compare(1, 200)
        bench.clock.advance(to: 2000)
        #expect(bench.takeRises(8) == [2000])
        writel(1, 0x010)
        #expect(calls.all == [true, false])
        compare(0, 300)
        bench.clock.advance(to: 3000)
        #expect(bench.takeRises(18) == [3000])
    }

    @Test("Legacy replacement needs no route")
    func legacyWithoutRoutes() {
        let bench = bench
        let hpet = HPET(clock: bench.clock, routes: 0) { bench.line($0) }
        hpet.put(.four, Bits.enable | Bits.narrow, at: 0x100)
        hpet.put(.four, 100, at: 0x108)
        hpet.put(.four, 3, at: 0x010)
        bench.clock.advance(to: 1000)
        #expect(bench.takeRises(2) == [1000])
    }

    @Test("A route the board does not offer is not taken")
    func routes() {
        configure(0, Bits.route(21))
        configure(0, Bits.route(5) | Bits.enable)
        #expect(readl(0x100) >> 9 & 0x1f == 21)
        #expect(readl(0x100) & Bits.enable != 0)
    }

    @Test("The halves of a 64-bit period are written apart")
    func halves() {
        configure(0, Bits.enable | Bits.periodic | Bits.route(16))
        compare(0, 1000)
        writel(0, 0x10c)
        configure(0, Bits.enable | Bits.periodic | Bits.setValue | Bits.route(16))
        hpet.put(.eight, 500, at: 0x108)
        hpet.put(.four, 1000, at: 0x108)
        writel(1, 0x010)
        bench.clock.advance(to: 30_000)
        #expect(bench.takeRises(16) == [5_000, 15_000, 25_000])
    }

    @Test("A reset lowers lines, stops timers and gives the PIT its place back")
    func reset() {
        configure(2, Bits.enable | Bits.level | Bits.periodic | Bits.setValue | Bits.route(20))
        hpet.put(.eight, 100, at: 0x148)
        writel(3, 0x010)
        bench.clock.advance(to: 1000)
        #expect(bench.isHigh(20))
        hpet.reset()
        #expect(!bench.isHigh(20))
        #expect(calls.all == [true, false])
        #expect(bench.clock.nextDeadline == nil)
        bench.clock.advance(to: second)
        #expect(readl(0x010) == 0 && readl(0xf0) == 0 && readl(0x20) == 0 && readl(0x140) == 0x30)
        #expect(hpet.get(.eight, at: 0x148) == .max)
    }

    @Test("Narrow, misaligned and outside accesses find nothing")
    func hostile() {
        #expect(hpet.get(.one, at: 0) == 0xff)
        #expect(hpet.get(.two, at: 0) == 0xffff)
        #expect(hpet.get(.eight, at: 4) == .max)
        #expect(hpet.get(.four, at: 0x400) == 0xffff_ffff)
        #expect(hpet.get(.four, at: 0x160) == 0)
        hpet.put(.two, 1, at: 0x010)
        hpet.put(.four, 1, at: 0x012)
        #expect(readl(0x010) == 0)
    }
}
