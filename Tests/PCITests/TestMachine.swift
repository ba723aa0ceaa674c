import Bus
import Host
import Hypervisor
import Log
import Memory
import PCI
import Support
import Synchronization
import Testing

/// A machine of PCI only: 16 MiB of RAM, a host bridge and an LPC bridge as on q35, and what a test plugs.
final class TestMachine {
    static let ecamBase: UInt64 = 0xb000_0000
    static let windows = PCIWindows(
        io: GuestRange(start: GuestAddress(0xc000), last: GuestAddress(0xffff)),
        memory: GuestRange(start: GuestAddress(0xc000_0000), last: GuestAddress(0xfebf_ffff))!,
        high: GuestRange(start: GuestAddress(0x80_0000_0000), count: 0x80_0000_0000))

    let hypervisor: TestHypervisor
    let buses = Buses(ports: AddressSpace(.port), memory: AddressSpace(.memory))
    let memory: GuestMemory
    let root: PCIRootComplex
    let ecam: ECAM
    let lpc: ICH9LPC
    let hostBridge: Q35HostBridge
    let ports: ConfigurationPorts
    let guest: DirectGuestAccess
    let powerManagement = Recorder<UInt16?>()
    let log = Recorder<String>()
    /// The guest's two doors.
    let bus: PCIGuestBus
    let oldBus: PCIGuestBus

    init(interruptLimit: Int = .max, resetControl: (any BusDevice)? = nil) throws {
        hypervisor = TestHypervisor(interruptLimit: interruptLimit)
        let ram = try #require(GuestRange(start: GuestAddress(0), count: 16 << 20))
        memory = try GuestMemory([MemoryRegion(ram, backing: .anonymous)])
        let router = ICH9InterruptRouter(controller: hypervisor)
        root = PCIRootComplex(
            PCIEnvironment(
                buses: buses, memory: memory, interrupts: hypervisor, intx: router,
                log: Log { [log] _, text in log.record(text) }))
        buses.ports.bindDoorbells(with: hypervisor)
        buses.memory.bindDoorbells(with: hypervisor)
        ecam = ECAM(root)
        ports = ConfigurationPorts(root, resetControl: resetControl)
        buses.ports.map(try #require(ConfigurationPorts.range), name: "configuration", to: ports)
        hostBridge = try Q35HostBridge(ecam: ecam)
        lpc = try ICH9LPC(router: router) { [powerManagement] base in powerManagement.record(base) }
        try root.bus.plug(hostBridge, at: PCIAddress(device: 0))
        try root.bus.plug(lpc, at: PCIAddress(device: 0x1f))
        hostBridge.placeECAM(at: GuestAddress(TestMachine.ecamBase))
        guest = DirectGuestAccess(buses: buses, memory: memory)
        bus = PCIGuestBus(PCIGuestECAM(guest, at: TestMachine.ecamBase))
        oldBus = PCIGuestBus(PCIGuestPorts(guest))
    }

    /// Plugs a port at `device`.
    func plugPort(
        _ name: String, at device: Int, function: Int = 0, multifunction: Bool = false
    ) throws -> PCIERootPort {
        let port = try PCIERootPort(
            name: name, port: UInt8(device), chassisSlot: UInt16(device), isMultifunction: multifunction)
        try root.bus.plug(port, at: PCIAddress(device: device, function: function))
        return port
    }

    /// Plugs `function` and gives the guest's view of it.
    func plug(_ function: TestFunction, at device: Int, function number: Int = 0) throws -> PCIGuestFunction {
        try root.bus.plug(function, at: PCIAddress(device: device, function: number))
        return bus.function(0, UInt8(device), UInt8(number))
    }
}

/// A list that several threads may add to.
final class Recorder<Element: Sendable>: Sendable {
    private let list = Mutex<[Element]>([])

    func record(_ element: Element) { list.withLock { $0.append(element) } }
    var all: [Element] { list.withLock { $0 } }

    /// All, and then forgets them.
    func take() -> [Element] {
        list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
