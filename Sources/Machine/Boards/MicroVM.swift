package import Bus
package import Configuration
package import Hypervisor
internal import ACPI
internal import Devices
internal import Firmware
internal import Host
internal import Memory
internal import Synchronization
internal import Virtio

/// `microvm`: the smallest machine that a stock kernel drives. No PCI, no firmware; virtio over MMIO, a serial port, and
/// an ACPI description of just that (hardware-reduced: a Generic Event Device brings the power button).
///
/// ```
///   0x0000_0000    RAM, up to 3 GiB
///   0xfea0_0000    GenericEventDevice: events, sleep, reset
///   0xfeb0_0000    virtio-mmio, 32 windows of 512 bytes
///   0xfec0_0000    IOAPIC
///   0xfee0_0000    local APICs
///   0x1_0000_0000  the rest of RAM
/// ```
///
/// Kernels without ACPI find the virtio devices on their command line (`virtio_mmio.device=`), where the board adds them
/// (`auto-kernel-cmdline=off` leaves that to the user).
package final class MicroVM: Board {
    package static let type = MachineType(
        name: "microvm", aliases: [], summary: "the smallest machine: virtio over MMIO, direct kernel boot",
        maximumProcessors: 254, lowMemoryLimit: 0xc000_0000, ramIdentifier: "microvm.ram",
        hasTimer: false,
        schema: BoardProperties.common + PropertySchema(MicroVM.addsArguments))

    private static let addsArguments = Property<Bool>.boolean(
        "auto-kernel-cmdline", default: true, "name the virtio devices on the kernel's command line")

    private static let eventBase: UInt64 = 0xfea0_0000
    private static let eventInterrupt: UInt32 = 9
    private static let virtioBase: UInt64 = 0xfeb0_0000
    private static let virtioSlots = 32
    /// Where virtio devices interrupt, in turn: first the inputs that a guest without ACPI can use too. From the
    /// seventeenth device on they are shared.
    private static let virtioInterrupts: [UInt32] = [5, 6, 7, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]

    private struct State {
        var transports: [VirtioMMIO] = []
        var loader: BootLoader?
    }

    private let construction: Construction
    private let hasACPI: Bool
    private let addsArguments: Bool
    private let events: GenericEventDevice
    private let keyboard: KeyboardController
    private let serial: SerialPorts
    private let interrupts: [InterruptJoin]
    private let devices = PluggedDevices()
    private let state = Mutex(State())

    package init(
        _ construction: Construction, hasACPI: Bool, _ reader: inout PropertyReader
    ) throws(MachineError) {
        self.construction = construction
        self.hasACPI = hasACPI
        addsArguments = try reader.get(MicroVM.addsArguments)
        guard construction.configuration.clock == ClockConfiguration() else {
            throw .part(option: "-rtc", reason: "microvm has no clock of day; its guests ask kvm-clock.")
        }
        events = GenericEventDevice(
            interrupt: construction.interruptLine(MicroVM.eventInterrupt), power: construction.power)
        keyboard = KeyboardController(interrupt: construction.interruptLine(1), power: construction.power)
        serial = SerialPorts(construction)
        interrupts = MicroVM.virtioInterrupts.map { InterruptJoin(construction.interruptLine($0)) }

        construction.map(events, "events", at: MicroVM.eventBase, count: GenericEventDevice.size)
        keyboard.map(in: construction)
        try serial.plugConfigured()
    }

    package func plug(_ device: DeviceConfiguration) throws(MachineError) {
        try devices.check(device)
        let model = try Catalog.model(named: device.driver)
        guard device.bus == nil || device.bus == "virtio-mmio-bus" else {
            throw .part(option: "-device \(device.driver)", reason: "There is no bus '\(device.bus ?? "")' on microvm.")
        }
        let request = DeviceRequest(construction: construction, configuration: device)
        var reader = try request.reader(model)
        switch model.make {
        case .pci: throw model.hasNoBus(on: "microvm")
        case .isa(let make): try make(request, &reader, ports)
        case .virtio(let make):
            let index = state.withLock { $0.transports.count }
            guard index < MicroVM.virtioSlots else {
                throw .part(
                    option: request.subject, reason: "All \(MicroVM.virtioSlots) virtio-mmio slots of microvm are taken.")
            }
            let (virtio, features) = try make(request, &reader)
            let transport = try blaming(request.subject) { () throws(Errno) in
                try VirtioMMIO(
                    virtio, name: request.name, at: GuestAddress(MicroVM.virtioBase + UInt64(index) * VirtioMMIO.size),
                    in: construction.buses.memory, memory: construction.memory,
                    interrupt: interrupts[index % interrupts.count].makeInput(), features: features, log: construction.log)
            }
            state.withLock { $0.transports.append(transport) }
        }
        try configured { () throws(ConfigurationError) in try reader.finish() }
        devices.add(device)
    }

    package func complete() throws(MachineError) {
        let transports = state.withLock { $0.transports }
        let described = transports.enumerated().map { index, transport in
            MicroVMDescription.VirtioDevice(
                base: UInt32(transport.range.start.rawValue), length: UInt32(VirtioMMIO.size),
                gsi: interrupts[index % interrupts.count].number)
        }
        // Kernels read it as size@address:interrupt (Documentation/admin-guide/kernel-parameters: virtio_mmio.device).
        let arguments = described.map { device in
            "virtio_mmio.device=\(device.length)@0x\(String(device.base, radix: 16)):\(device.gsi)"
        }
        let layout = try construction.layout(MicroVM.type)
        let loader = try BootLoader(
            construction.configuration.firmware, extraArguments: addsArguments ? arguments : [],
            tables: hasACPI ? try tables(described) : nil, memoryMap: BootLoader.memoryMap(layout, reserved: []),
            files: construction.backEnds.descriptorSets)
        state.withLock { $0.loader = loader }
    }

    private func tables(_ virtio: [MicroVMDescription.VirtioDevice]) throws(MachineError) -> [Table] {
        let register = { (offset: UInt64) in GenericAddress.memory(MicroVM.eventBase + offset) }
        var description = MicroVMDescription(
            processors: construction.describedProcessors,
            eventDevice: MicroVMDescription.EventDevice(
                selector: MicroVM.eventBase + GenericEventDevice.selector, gsi: MicroVM.eventInterrupt,
                powerButton: GenericEventDevice.powerButton),
            sleepControl: register(GenericEventDevice.sleepControl),
            sleepStatus: register(GenericEventDevice.sleepStatus))
        description.numa = construction.describedNodes
        description.softOffType = GenericEventDevice.softOffType
        description.reset = FADT.Reset(register: register(GenericEventDevice.resetRegister), value: 1)
        description.virtioDevices = virtio
        description.virtioTrigger = .level
        description.serialPorts = serial.described
        return try blaming("ACPI tables") { () throws(ACPIError) in try description.tables() }
    }

    package func boot(_ processor: (any VirtualCPU)?) throws(MachineError) {
        try state.withLock { $0.loader }?.load(construction.memory, processor)
    }

    package var parts: [any MachinePart] {
        serial.parts + [events, keyboard] + state.withLock { $0.transports }
    }

    package var plugged: [PluggedDevice] { devices.all }

    package func plugDebugConsole(_ stream: CharacterReference) throws(MachineError) {
        try DebugConsole.plug(stream, named: "-debugcon", port: 0xe9, construction, ports)
    }

    private var ports: PortBus { PortBus(construction: construction, serial: serial) }

    package func pressPowerButton() { events.pressPowerButton() }
}

extension Construction {
    /// Maps a device at a fixed address.
    func map(_ device: any BusDevice, _ name: String, at address: UInt64, count: UInt64) {
        guard let range = GuestRange(start: GuestAddress(address), count: count) else { return }
        buses.memory.map(range, name: name, to: device)
    }

    /// Maps a device at fixed ports.
    func mapPorts(_ device: any BusDevice, _ name: String, at port: UInt64, count: UInt64 = 1) {
        guard let range = GuestRange(start: GuestAddress(port), count: count) else { return }
        buses.ports.map(range, name: name, to: device)
    }

    /// Where the RAM lies.
    func layout(_ type: MachineType) throws(MachineError) -> RAMLayout {
        guard let layout = RAMLayout(size: configuration.memory.size, lowLimit: type.lowMemoryLimit) else {
            throw .part(option: "-m", reason: "\(configuration.memory.size) bytes do not fit into a guest's address space.")
        }
        return layout
    }
}

extension KeyboardController {
    /// Puts the controller at its two ports.
    func map(in construction: Construction) {
        construction.mapPorts(self, "i8042 data", at: 0x60)
        construction.mapPorts(RegisterWindow(self, from: 4), "i8042 command", at: 0x64)
    }
}

extension DeviceRequest {
    /// Reads the device's properties, with what `-global` says of its driver beneath them.
    func reader(_ model: DeviceModel) throws(MachineError) -> PropertyReader {
        var properties = configuration.properties
        properties.fill(from: construction.configuration.globals(of: model.name))
        do throws(ConfigurationError) {
            return try PropertyReader(properties, model.schema, subject: subject)
        } catch {
            throw .configuration(error)
        }
    }
}
