import Bus
import Character
import Devices
import Host
import Synchronization

/// What stands around a device: a clock turned by hand, interrupt lines and a power switch that remember.
final class TestMachine: InterruptController, PowerControl {
    struct State {
        var levels: [UInt32: Bool] = [:]
        /// How often each line went from low to high.
        var edges: [UInt32: Int] = [:]
        var requests: [PowerRequest] = []
    }

    let clock: Clock
    private let state = Mutex(State())

    init() throws { clock = try Clock(source: .manual) }

    func line(_ number: UInt32) -> InterruptLine { InterruptLine(number: number, controller: self) }

    func level(_ line: UInt32) -> Bool { state.withLock { $0.levels[line] ?? false } }
    func edges(_ line: UInt32) -> Int { state.withLock { $0.edges[line] ?? 0 } }
    var requests: [PowerRequest] { state.withLock { $0.requests } }

    func set(_ line: UInt32, level: Bool) {
        state.withLock { state in
            if level, state.levels[line] != true { state.edges[line, default: 0] += 1 }
            state.levels[line] = level
        }
    }

    func request(_ request: PowerRequest) { state.withLock { $0.requests.append(request) } }

    /// Lets machine time pass.
    func pass(nanoseconds: UInt64) { clock.advance(to: clock.now + nanoseconds) }
}

extension BusDevice {
    func load(_ offset: UInt64, _ width: AccessWidth = .one) -> UInt64 {
        read(Access(offset: offset, width: width)) & width.mask
    }

    func store(_ value: UInt64, _ offset: UInt64, _ width: AccessWidth = .one) {
        write(value & width.mask, Access(offset: offset, width: width))
    }

    /// Every offset of `size` in every width, with values that set and clear everything: nothing may trap.
    func storm(size: UInt64) {
        for value: UInt64 in [0, .max, 0x5555_5555_5555_5555, 0xaaaa_aaaa_aaaa_aaaa, 1, 0x80] {
            for offset in 0..<size {
                for width in AccessWidth.allCases where offset + width.count <= size {
                    store(value, offset, width)
                    _ = load(offset, width)
                }
            }
        }
    }
}

/// A back end that takes as many bytes as a test lets it, and types what a test tells it.
final class TestTerminal: CharacterBackend {
    struct State {
        var output: [UInt8] = []
        var allowed = Int.max
        var frontEnd: (any CharacterFrontEnd)?
        var input: [UInt8] = []
    }

    let description = "test"
    let isOpen = true
    let state = Mutex(State())

    var output: [UInt8] { state.withLock { $0.output } }

    /// Takes `count` more bytes.
    func allow(_ count: Int) {
        state.withLock { $0.allowed = count }
        state.withLock { $0.frontEnd }?.backendIsWritable()
    }

    /// Types, as far as the front end has room; the rest when it makes some.
    func type(_ bytes: [UInt8]) {
        state.withLock { $0.input += bytes }
        resumeInput()
    }

    func lineBreak() { state.withLock { $0.frontEnd }?.handle(.lineBreak) }

    func attach(_ frontEnd: any CharacterFrontEnd) { state.withLock { $0.frontEnd = frontEnd } }
    func detach() { state.withLock { $0.frontEnd = nil } }

    func write(_ bytes: Span<UInt8>) -> Int {
        state.withLock { state in
            let count = min(bytes.count, state.allowed)
            for index in 0..<count { state.output.append(bytes[index]) }
            if state.allowed != .max { state.allowed -= count }
            return count
        }
    }

    // The guest's thread is the test's, and the front end's lock is not held here.
    func resumeInput() {
        guard let frontEnd = state.withLock({ $0.frontEnd }) else { return }
        while true {
            let isIdle = state.withLock { $0.input.isEmpty }
            if isIdle { return }
            let room = frontEnd.receiveCapacity
            let bytes: [UInt8] = state.withLock { state in
                let bytes = Array(state.input.prefix(room))
                state.input.removeFirst(bytes.count)
                return bytes
            }
            if bytes.isEmpty { return }
            frontEnd.receive(bytes)
        }
    }

    func close() { detach() }
}
