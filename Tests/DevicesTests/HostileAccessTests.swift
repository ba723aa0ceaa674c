import Bus
import Devices
import Host
import Synchronization
import Testing

/// What no driver does and a hostile guest does all day.
@Suite("Hostile accesses")
struct HostileAccessTests {
    /// A device, and the size of the range that it is mapped at.
    private struct Subject {
        let name: String
        let device: any BusDevice
        let size: UInt64
    }

    let bench: Bench

    init() throws { bench = try Bench() }

    private var subjects: [Subject] {
        let bench = bench
        return [
            Subject(
                name: "CMOSClock",
                device: CMOSClock(
                    clock: bench.clock, interrupt: bench.line(8), base: 0, lowMemory: 1 << 30, highMemory: 0),
                size: CMOSClock.portCount),
            Subject(
                name: "HPET", device: HPET(clock: bench.clock) { bench.line($0) }, size: HPET.size),
            Subject(
                name: "KeyboardController",
                device: KeyboardController(interrupt: bench.line(1), power: bench), size: 5),
            Subject(
                name: "PowerManagement",
                device: PowerManagement(clock: bench.clock, interrupt: bench.line(9), power: bench),
                size: PowerManagement.size),
            Subject(
                name: "GenericEventDevice", device: GenericEventDevice(interrupt: bench.line(5), power: bench),
                size: GenericEventDevice.size),
            Subject(name: "ResetControl", device: ResetControl(power: bench), size: 1),
            Subject(name: "SystemControlPort", device: SystemControlPort(power: bench), size: 1),
            Subject(name: "DebugExit", device: DebugExit(power: bench), size: 4),
            Subject(name: "DebugConsole", device: DebugConsole { _ in }, size: 1),
        ]
    }

    /// A generator that gives the same sequence on every run (xorshift).
    private struct Dice {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        mutating func roll() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test("Random accesses, times and resets trap nowhere")
    func random() {
        var dice = Dice()
        for subject in subjects {
            for _ in 0..<20_000 {
                let width = AccessWidth.allCases[Int(dice.roll() % 4)]
                let offset = dice.roll() % 64 == 0 ? dice.roll() : dice.roll() % subject.size
                // Small, and bytes, and anything.
                let value = [dice.roll() & 0xff, dice.roll() & 0xffff, dice.roll(), .max][Int(dice.roll() % 4)]
                switch dice.roll() % 16 {
                case 0..<9: subject.device.put(width, value, at: offset)
                case 9..<15: _ = subject.device.get(width, at: offset)
                default: bench.clock.advance(to: bench.clock.now + dice.roll() % (10 * millisecond))
                }
            }
            (subject.device as? any MachinePart)?.reset()
            #expect(bench.clock.nextDeadline == nil, "\(subject.name) keeps a timer over its reset")
            _ = bench.takeRises(0)
            _ = bench.takeRequests()
        }
    }

    @Test("Offsets at the end of the world are as empty as others")
    func farOffsets() {
        for subject in subjects {
            for offset in [subject.size, .max - 7, .max - 1, .max] {
                for width in AccessWidth.allCases {
                    subject.device.put(width, .max, at: offset)
                    _ = subject.device.get(width, at: offset)
                }
            }
        }
    }

    @Test("Twice reset is once reset, and a reset device drives no line")
    func resets() {
        var dice = Dice()
        for subject in subjects {
            guard let part = subject.device as? any MachinePart else { continue }
            for _ in 0..<2_000 { subject.device.put(.one, dice.roll(), at: dice.roll() % subject.size) }
            for _ in 0..<500 { subject.device.put(.four, dice.roll(), at: dice.roll() % subject.size & ~3) }
            part.reset()
            part.reset()
            for line in 0..<32 as Range<UInt32> { #expect(!bench.isHigh(line), "\(subject.name) holds line \(line)") }
        }
    }
}
