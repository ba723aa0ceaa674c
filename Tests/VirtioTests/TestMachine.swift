import Block
import Bus
import Host
import Hypervisor
import Log
import Memory
import PCI
import Support
import Synchronization
import Testing
import Virtio

/// Which registers a device sits behind.
enum TestTransport: CaseIterable, CustomTestStringConvertible {
    case mmio, pci

    var testDescription: String { self == .mmio ? "virtio-mmio" : "virtio-pci" }
}

enum TestKind: CaseIterable, CustomTestStringConvertible {
    case block, entropy

    var testDescription: String { self == .block ? "blk" : "rng" }
}

/// A machine of RAM, virtio devices and a hand-turned loop.
///
/// ```
///   0x0000_0000  8 MiB RAM │ 0x0080_0000  8 MiB RAM (a region of its own, adjacent) │ hole │ 0x1000_0000 1 MiB RAM
/// ```
final class TestMachine {
    static let ramEnd: UInt64 = 16 << 20
    static let seam: UInt64 = 8 << 20

    let hypervisor = TestHypervisor()
    let buses = Buses(ports: AddressSpace(.port), memory: AddressSpace(.memory))
    let memory: GuestMemory
    let guest: DirectGuestAccess
    let loop: EventLoop
    let clock: Clock
    let log: Log
    private let root: PCIRootComplex
    private let ecam: ECAM
    private var parts: [any MachinePart] = []
    private var nextDevice = 0

    init() throws {
        let ranges = [(UInt64(0), UInt64(8 << 20)), (Self.seam, 8 << 20), (0x1000_0000, 1 << 20)]
        memory = try GuestMemory(
            ranges.map { range in
                try MemoryRegion(
                    #require(GuestRange(start: GuestAddress(range.0), count: range.1)), backing: .anonymous)
            })
        guest = DirectGuestAccess(buses: buses, memory: memory)
        loop = try EventLoop()
        clock = try Clock(source: .manual)
        let sink = LineSink()
        log = Log { _, text in sink.lines.withLock { $0.append(text) } }
        self.sink = sink
        let hypervisor = hypervisor
        root = PCIRootComplex(
            PCIEnvironment(
                buses: buses, memory: memory, interrupts: hypervisor,
                intx: INTxLines((16..<20).map { InterruptLine(number: $0, controller: hypervisor) }), log: log))
        ecam = ECAM(root)
        ecam.place(GuestRange(start: GuestAddress(0xb000_0000), count: 256 << 20))
    }

    private let sink: LineSink
    var logged: [String] { sink.lines.withLock { $0 } }

    /// Puts a device behind a transport and gives the driver's view of it.
    func plug(_ device: any VirtioDevice, _ transport: TestTransport, name: String = "dut") throws
        -> any VirtioGuestTransport
    {
        let number = nextDevice
        nextDevice += 1
        switch transport {
        case .mmio:
            let base = 0xfeb0_0000 + UInt64(number) * 0x200
            let line = InterruptLine(number: UInt32(32 + number), controller: hypervisor)
            parts.append(
                try VirtioMMIO(
                    device, name: name, at: GuestAddress(base), in: buses.memory, memory: memory, interrupt: line,
                    log: log))
            return VirtioGuestMMIO(guest, at: base)
        case .pci:
            let function = try VirtioPCI(device, name: name, log: log)
            try root.bus.plug(function, at: PCIAddress(device: number + 1))
            parts.append(function)
            let view = PCIGuestBus(PCIGuestECAM(guest, at: 0xb000_0000)).function(0, UInt8(number + 1))
            view.setBAR(1, to: 0xc000_0000 + UInt64(number) << 16)
            view.setBAR(4, to: 0x80_0000_0000 + UInt64(number) << 16, is64Bit: true)
            view.command = 6
            return try #require(VirtioGuestPCI(view, guest))
        }
    }

    /// A device of a kind, without anything special about it.
    func makeDevice(_ kind: TestKind, on other: EventLoop? = nil) throws -> any VirtioDevice {
        switch kind {
        case .block: try VirtioBlock(image: NullImage(size: 1 << 20), name: "dut", on: other ?? loop, log: log)
        case .entropy: VirtioEntropy(clock: clock, name: "dut", on: other ?? loop, log: log)
        }
    }

    /// Lets the loop do what is ready, and what follows from it.
    func settle() { for _ in 0..<8 { loop.turn(timeout: 0) } }

    /// Turns the loop, waiting for its events, until `condition` holds. Only for I/O that the kernel finishes.
    func turn(until condition: () -> Bool) { while !condition() { loop.turn(timeout: 1000) } }

    func pause() { for part in parts { part.pause() } }
    func resume() { for part in parts { part.resume() } }
    func reset() { for part in parts { part.reset() } }
}

private final class LineSink: Sendable {
    let lines = Mutex<[String]>([])
}

extension VirtioGuestTransport {
    /// Everything offered, negotiated; queue 0 set up at 64 KiB; running.
    func bringUp(features: UInt64? = nil, size: UInt16 = 8, at base: UInt64 = 0x1_0000) -> VirtioGuestQueue {
        negotiate(features ?? deviceFeatures)
        let queue = VirtioGuestQueue(self, size: size, at: base)
        start()
        return queue
    }
}
