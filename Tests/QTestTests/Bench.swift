import Bus
import Glibc
import Host
import Hypervisor
import Memory
import QTest
import Synchronization
import Testing

/// A machine of 64 KiB of RAM at 0 and a few registers, with a session on a socket pair and the test at its other end.
///
/// The loop is turned by hand, so everything happens inside `say`.
final class Bench {
    let loop: EventLoop
    let clock: Clock
    let memory: GuestMemory
    let buses = Buses(ports: AddressSpace(.port), memory: AddressSpace(.memory))
    let machine: QTestMachine
    let cpu: any VirtualCPU
    let registers = Registers()
    let hasClosed = Flag()
    private(set) var session: QTestSession?
    private var peer: Int32?

    init(clock source: Clock.Source = .manual, log: QTestLog? = nil) throws {
        Signal.prepareProcess()
        loop = try EventLoop()
        clock = try Clock(source: source)
        let range = try #require(GuestRange(start: GuestAddress(0), count: 0x1_0000))
        memory = try GuestMemory([MemoryRegion(range, backing: .anonymous)])
        machine = QTestMachine(memory: memory)
        cpu = try machine.makeVirtualCPU(0, buses: buses)
        buses.ports.map(try #require(GuestRange(start: GuestAddress(0x60), count: 16)), name: "ports", to: registers)
        for start in [0x8000, 0xd000_0000] as [UInt64] {
            let range = try #require(GuestRange(start: GuestAddress(start), count: 16))
            buses.memory.map(range, name: "registers", to: registers)
        }
        var ends: [Int32] = [0, 0]
        let result = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        try #require(result == 0)
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        peer = ends[1]
        let closed = hasClosed
        session = try QTestSession(
            FileDescriptor(owning: ends[0]), loop: loop,
            target: QTestTarget(memory: memory, buses: buses, clock: clock, interrupts: machine.interrupts), log: log
        ) { closed.raise() }
    }

    /// Sends raw text; as much as the socket takes, how much that was.
    @discardableResult
    func send(_ text: some StringProtocol) -> Int { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        guard let peer else { return 0 }
        return unsafe bytes.withUnsafeBytes { unsafe max(0, Glibc.write(peer, $0.baseAddress, $0.count)) }
    }

    /// What has come, without waiting.
    func receive() -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while let number = peer {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            all += buffer.prefix(count)
        }
        return String(decoding: all, as: UTF8.self)
    }

    func turn(_ times: Int = 3) { for _ in 0..<times { loop.turn(timeout: 0) } }

    /// Sends one command and returns all that comes back, without the last line feed.
    func say(_ command: String) -> String {
        send(command + "\n")
        turn()
        let reply = receive()
        return reply.hasSuffix("\n") ? String(reply.dropLast()) : reply
    }

    func hangUp() {
        if let peer { Glibc.close(peer) }
        peer = nil
    }

    deinit { if let peer { Glibc.close(peer) } }
}

final class Flag: Sendable {
    private let value = Atomic(false)
    var isRaised: Bool { value.load(ordering: .relaxed) }
    func raise() { value.store(true, ordering: .relaxed) }
}

/// Sixteen bytes that remember how they were accessed.
final class Registers: BusDevice {
    private struct State {
        var bytes = [UInt8](repeating: 0, count: 16)
        var accesses: [Access] = []
    }

    private let state = Mutex(State())

    /// The accesses since the last time this was asked.
    func takeAccesses() -> [Access] {
        state.withLock { state in
            defer { state.accesses = [] }
            return state.accesses
        }
    }

    func read(_ access: Access) -> UInt64 {
        state.withLock { state in
            state.accesses.append(access)
            return (0..<access.width.count).reduce(0) { $0 | UInt64(state.bytes[Int(access.offset + $1)]) << ($1 * 8) }
        }
    }

    func write(_ value: UInt64, _ access: Access) {
        state.withLock { state in
            state.accesses.append(access)
            for byte in 0..<access.width.count {
                state.bytes[Int(access.offset + byte)] = UInt8(truncatingIfNeeded: value >> (byte * 8))
            }
        }
    }
}
