package import Bus
package import Configuration
internal import Hypervisor
package import PCI
internal import ACPI
internal import Devices
internal import Firmware
internal import Memory
internal import Synchronization

/// `q35`: a standard PC. PCI Express with memory-mapped configuration space, the ICH9's LPC bridge and what hangs on it,
/// described by ACPI.
///
/// ```
///   0x0000_0000    RAM, up to 2 GiB
///   0xb000_0000    PCI Express configuration space (ECAM), 256 buses
///   0xc000_0000    PCI memory, to 0xfebf_ffff
///   0xfec0_0000    IOAPIC
///   0xfed0_0000    HPET
///   0xfee0_0000    local APICs
///   0x1_0000_0000  the rest of RAM
///   above it       PCI memory for 64-bit BARs
/// ```
///
/// Without firmware nobody programs the chipset, so `boot` leaves it as firmware would: ECAM and power management placed,
/// every BAR and bus number assigned (`Q35+Boot.swift`).
package final class Q35: Board {
    package static let type = MachineType(
        name: "pc-q35-7.2", aliases: ["q35", "pc"], summary: "a standard PC: PCI Express, ACPI, ICH9",
        maximumProcessors: 254, lowMemoryLimit: 0x8000_0000, ramIdentifier: "pc.ram", hasTimer: true,
        schema: BoardProperties.common + PropertySchema(Q35.hasHPET))

    private static let hasHPET = Property<Toggle>.choice("hpet", default: .auto, "a high precision event timer")

    static let sci: UInt32 = 9
    /// Interrupt inputs the HPET may use: the two of legacy replacement, and those above PCI's four.
    private static let timerRoutes: UInt32 = 0x00f0_0104

    let construction: Construction
    let hasACPI: Bool
    let root: PCIRootComplex
    let hostBridge: Q35HostBridge
    let lpc: ICH9LPC
    let serial: SerialPorts
    let power: PowerManagement
    let hpet: Devices.HPET?
    let loader = Mutex<BootLoader?>(nil)
    private let fixed: [any MachinePart]
    private let devices = PluggedDevices()

    package init(
        _ construction: Construction, hasACPI: Bool, _ reader: inout PropertyReader
    ) throws(MachineError) {
        self.construction = construction
        self.hasACPI = hasACPI
        let wantsHPET = try reader.get(Q35.hasHPET) != .off
        // First, as it may fail: the chipset's parts know each other, and only `tearDown` parts them.
        serial = SerialPorts(construction)
        try serial.plugConfigured()

        // The chipset.
        let router = ICH9InterruptRouter(controller: construction.hypervisor)
        let root = PCIRootComplex(
            PCIEnvironment(
                buses: construction.buses, memory: construction.memory, interrupts: construction.hypervisor, intx: router,
                log: construction.log))
        let power = PowerManagement(
            clock: construction.clock, interrupt: construction.interruptLine(Q35.sci), power: construction.power)
        let block = MovablePorts(power, "power management", count: PowerManagement.size, in: construction.buses.ports)
        (hostBridge, lpc) = try blaming("-machine q35") { () throws(PCIError) in
            let hostBridge = try Q35HostBridge(ecam: ECAM(root))
            let lpc = try ICH9LPC(router: router) { block.place(at: $0) }
            try root.bus.plug(hostBridge, at: PCIAddress(devfn: 0))
            try root.bus.plug(lpc, at: PCIAddress(devfn: 0x1f << 3))
            return (hostBridge, lpc)
        }
        self.root = root
        self.power = power

        // What hangs on it.
        let reset = ResetControl(power: construction.power)
        let configuration = ConfigurationPorts(root, resetControl: reset)
        let keyboard = KeyboardController(interrupt: construction.interruptLine(1), power: construction.power)
        let control = SystemControlPort(power: construction.power)
        let layout = try construction.layout(Q35.type)
        let clockOfDay = try ClockOfDay(construction)
        let cmos = CMOSClock(
            clock: clockOfDay.clock, interrupt: construction.interruptLine(8), base: clockOfDay.base,
            lowMemory: layout.low.count, highMemory: layout.high?.count ?? 0)
        hpet = wantsHPET
            ? Devices.HPET(
                clock: construction.clock, routes: Q35.timerRoutes, line: { construction.interruptLine($0) },
                // In legacy replacement mode the HPET has the clock's interrupt.
                legacyReplacementChanged: { cmos.setInterruptConnected(!$0) })
            : nil
        fixed = [configuration, reset, power, cmos, keyboard, control] + (hpet.map { [$0] } ?? [])

        if let range = ConfigurationPorts.range {
            construction.buses.ports.map(range, name: "PCI configuration", to: configuration)
        }
        construction.mapPorts(cmos, "CMOS", at: CMOSClock.port, count: 2)
        construction.mapPorts(control, "system control", at: SystemControlPort.port)
        keyboard.map(in: construction)
        if let hpet { construction.map(hpet, "HPET", at: Devices.HPET.address, count: Devices.HPET.size) }
    }

    package func plug(_ device: DeviceConfiguration) throws(MachineError) {
        try devices.check(device)
        let model = try Catalog.model(named: device.driver)
        let request = DeviceRequest(construction: construction, configuration: device)
        var reader = try request.reader(model)
        switch model.make {
        case .virtio: throw model.hasNoBus(on: "q35")
        case .isa(let make): try make(request, &reader, ports)
        case .pci(let make):
            let bus = try bus(named: device.bus, for: request)
            let address = try PCIProperties.address(&reader)
            let function = try make(request, &reader)
            try blaming(request.subject) { () throws(PCIError) in try bus.plug(function, at: address) }
        }
        try configured { () throws(ConfigurationError) in try reader.finish() }
        devices.add(device)
    }

    /// The bus with this name: `pcie.0`, or the id of a root port.
    private func bus(named name: String?, for request: DeviceRequest) throws(MachineError) -> PCIBus {
        guard let name else { return root.bus }
        let buses = [root.bus] + root.bus.functions.compactMap(\.secondary)
        if let bus = buses.first(where: { $0.name == name }) { return bus }
        throw .unknown(
            kind: "PCI bus", name: name, nearest: Spelling.nearest(to: name, among: buses.map(\.name)),
            hint: "\(request.subject) needs pcie.0 or the id of a -device pcie-root-port before it")
    }

    package var parts: [any MachinePart] { fixed + serial.parts + [root] }

    package var plugged: [PluggedDevice] { devices.all }

    package var pci: PCIBusDescription? { root.description }

    package func plugDebugConsole(_ stream: CharacterReference) throws(MachineError) {
        try DebugConsole.plug(stream, named: "-debugcon", port: 0xe9, construction, ports)
    }

    private var ports: PortBus { PortBus(construction: construction, serial: serial) }

    package func pressPowerButton() { power.pressPowerButton() }

    package func tearDown() { root.tearDown() }
}

/// A block of ports that a chipset register places.
private final class MovablePorts: Sendable {
    private let device: any BusDevice
    private let name: String
    private let count: UInt64
    private let space: AddressSpace
    private let mapping = Mutex<AddressSpace.Mapping?>(nil)

    init(_ device: any BusDevice, _ name: String, count: UInt64, in space: AddressSpace) {
        self.device = device
        self.name = name
        self.count = count
        self.space = space
    }

    /// Maps the block from `base` on; nil: nowhere.
    func place(at base: UInt16?) {
        let range = base.flatMap { GuestRange(start: GuestAddress(UInt64($0)), count: count) }
        mapping.withLock { mapping in
            guard mapping?.range != range else { return }
            if let mapping { space.unmap(mapping) }
            mapping = range.map { space.map($0, name: name, to: device) }
        }
    }
}
