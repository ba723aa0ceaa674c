import Bus
import Host
import Hypervisor
import KVM
import Log
import Memory
import Synchronization
import Testing

/// Whether this host lets the tests use KVM, and the sentence why not.
enum HostKVM {
    static let refusal: String? = {
        do throws(HypervisorError) {
            _ = try KVMSystem.open()
            return nil
        } catch {
            return error.description
        }
    }()
}

/// A machine of a few instructions: 1 MiB of RAM at 0 and 64 KiB under the reset vector.
///
/// Ports: 0x3F8 is recorded, 0xF4 is recorded and kicks the processor that wrote it, 0x80 calls `onSignal`.
final class Guest {
    let machine: KVMMachine
    let memory: GuestMemory
    let buses: Buses
    let recorder: Recorder
    private(set) var processors: [any VirtualCPU] = []

    init(_ count: Int = 1, isDirectBoot: Bool = true) throws {
        Signal.prepareProcess()
        let low = try #require(GuestRange(start: GuestAddress(0), count: 0x10_0000))
        let top = try #require(GuestRange(start: GuestAddress(0xffff_0000), count: 0x1_0000))
        memory = try GuestMemory([
            MemoryRegion(low, backing: .anonymous), MemoryRegion(top, backing: .anonymous),
        ])
        buses = Buses(ports: AddressSpace(.port), memory: AddressSpace(.memory))
        machine = try KVMMachine(
            system: try KVMSystem.open(), memory: memory,
            options: KVMOptions(topology: CPUTopology(cores: count), isDirectBoot: isDirectBoot), log: Log { _, _ in })
        recorder = Recorder()
        for port in [0x3f8, 0xf4, 0x80] as [UInt64] {
            let range = try #require(GuestRange(start: GuestAddress(port), count: 1))
            buses.ports.map(range, name: "port \(port)", to: Port(port, recorder))
        }
        for index in 0..<count { processors.append(try machine.makeVirtualCPU(index, buses: buses)) }
        recorder.attach(processors[0])
    }

    var cpu: any VirtualCPU { processors[0] }

    /// Real-mode code that begins where a reset goes: a jump from the reset vector to the segment's first byte.
    func placeAtReset(_ code: [UInt8]) throws {
        try memory.write(code, at: GuestAddress(0xffff_0000))
        // jmp 0x0000, relative to 0xFFF3
        try memory.write([0xe9, 0x0d, 0x00], at: GuestAddress(0xffff_fff0))
    }

    /// 64-bit code at 0x8000, with the first 4 GiB mapped at their own addresses.
    func enter64(_ code: [UInt8]) throws {
        try memory.write(code, at: GuestAddress(0x8000))
        memory.store(UInt64(0x2003), at: GuestAddress(0x1000))
        for gigabyte in 0..<4 as Range<UInt64> {
            memory.store(0x3003 + gigabyte << 12, at: GuestAddress(0x2000 + gigabyte * 8))
            for page in 0..<512 as Range<UInt64> {
                memory.store(gigabyte << 30 | page << 21 | 0x83, at: GuestAddress(0x3000 + gigabyte << 12 + page * 8))
            }
        }
        try cpu.enter(
            EntryState(
                mode: .long(pageTable: GuestAddress(0x1000)), instructionPointer: 0x8000, stackPointer: 0x7f00,
                descriptorTable: try #require(GuestRange(start: GuestAddress(0x500), count: 0x30))))
    }
}

/// What the guest wrote to ports.
final class Recorder: Sendable {
    private let state = Mutex<[UInt64: [UInt8]]>([:])
    private let cpu = Mutex<(any VirtualCPU)?>(nil)
    private let onSignal = Mutex<(@Sendable () -> Void)?>(nil)

    func attach(_ cpu: any VirtualCPU) { self.cpu.withLock { $0 = cpu } }
    func whenSignalled(_ body: @escaping @Sendable () -> Void) { onSignal.withLock { $0 = body } }

    /// The bytes written to a port, in order.
    subscript(_ port: UInt64) -> [UInt8] { state.withLock { $0[port] ?? [] } }

    func record(_ value: UInt64, at port: UInt64) {
        state.withLock { $0[port, default: []].append(UInt8(truncatingIfNeeded: value)) }
        if port == 0xf4 { cpu.withLock { $0 }?.kick() }
        if port == 0x80 { onSignal.withLock { $0 }?() }
    }

    /// Ends the circle recorder → processor → buses → recorder.
    func detach() { cpu.withLock { $0 = nil } }
}

private final class Port: BusDevice {
    private let number: UInt64
    private let recorder: Recorder

    init(_ number: UInt64, _ recorder: Recorder) {
        self.number = number
        self.recorder = recorder
    }

    func read(_ access: Access) -> UInt64 { 0x5a }
    func write(_ value: UInt64, _ access: Access) { recorder.record(value, at: number) }
}

/// Sixteen bytes of registers that remember how they were accessed.
final class Scratch: BusDevice {
    private let state = Mutex<(bytes: [UInt8], writes: [Access])>(([UInt8](repeating: 0, count: 16), []))

    var writes: [Access] { state.withLock { $0.writes } }

    func read(_ access: Access) -> UInt64 {
        state.withLock { state in
            (0..<access.width.count).reduce(0) { $0 | UInt64(state.bytes[Int(access.offset + $1)]) << ($1 * 8) }
        }
    }

    func write(_ value: UInt64, _ access: Access) {
        state.withLock { state in
            state.writes.append(access)
            for byte in 0..<access.width.count {
                state.bytes[Int(access.offset + byte)] = UInt8(truncatingIfNeeded: value >> (byte * 8))
            }
        }
    }
}
