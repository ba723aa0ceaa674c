internal import Bus
package import Configuration
package import Host
internal import Hypervisor
package import Log
internal import Memory

/// From a configuration to a machine that can start.
///
/// The order, which is that of what stands on what: board type, memory, accelerator, back ends, board with its fixed
/// devices, plugged devices, tables, processors. An error anywhere leaves nothing behind.
package enum MachineBuilder {
    private static let boards: [any Board.Type] = [Q35.self, MicroVM.self]

    /// What `-machine` can name; the first is the default.
    package static var types: [MachineType] { boards.map { $0.type } }

    /// The machine type with this name; the default for nil.
    package static func type(named name: String?) throws(MachineError) -> MachineType { try board(named: name).type }

    private static func board(named name: String?) throws(MachineError) -> any Board.Type {
        guard let name else { return boards[0] }
        if let board = boards.first(where: { $0.type.isNamed(name) }) { return board }
        let names = types.flatMap { [$0.name] + $0.aliases }
        throw .unknown(
            kind: "machine", name: name, nearest: Spelling.nearest(to: name, among: names),
            hint: "-machine help lists them")
    }

    /// Builds what `configuration` asks for; `loop` becomes the machine's control loop.
    ///
    /// - Parameter interruption: a descriptor that is readable once the process is to end. Waiting for a socket's first
    ///   client (`server=on,wait=on`) then fails instead of lasting.
    package static func build(
        _ configuration: MachineConfiguration, loop: EventLoop, log: Log, interruption: Int32? = nil
    ) throws(MachineError) -> Machine {
        try Unsupported.check(configuration)
        let boardType = try board(named: configuration.machineType)
        let type = boardType.type
        var reader = try configured { () throws(ConfigurationError) in
            try PropertyReader(
                configuration.machineProperties, type.schema, subject: "-machine \(type.aliases.first ?? type.name)")
        }
        let values = try BoardProperties.read(&reader)
        guard configuration.topology.maximum <= type.maximumProcessors else {
            throw .part(
                option: "-smp",
                reason:
                    "\(configuration.topology.maximum) processors are too many; \(type.name) takes up to \(type.maximumProcessors)."
            )
        }

        try checkBoot(configuration)
        let construction = try construct(configuration, type, values, loop, log, interruption)
        var unfinished: (any Board)?
        do throws(MachineError) {
            try construction.backEnds.add(configuration)
            let board = try boardType.init(construction, hasACPI: values.hasACPI, &reader)
            unfinished = board
            try configured { () throws(ConfigurationError) in try reader.finish() }
            for device in try devices(configuration, construction, type) { try board.plug(device) }
            if let console = configuration.debugConsole { try board.plugDebugConsole(console) }
            try board.complete()
            return Machine(construction, board: board, processors: try processors(construction))
        } catch {
            // Threads run and files are open already.
            unfinished?.tearDown()
            construction.backEnds.finish()
            construction.buses.clear()
            throw error
        }
    }

    /// What can be said of the boot before an accelerator is chosen.
    private static func checkBoot(_ configuration: MachineConfiguration) throws(MachineError) {
        let firmware = configuration.firmware
        guard firmware.kernel == nil else { return }
        for (isGiven, option) in [
            (firmware.initialRAMDisk != nil, "-initrd"), (firmware.commandLine?.isEmpty == false, "-append"),
        ] where isGiven { throw .part(option: option, reason: "This needs a kernel; -kernel FILE names one.") }
        // A test needs nothing to boot, should it come to that.
        let mayBeTest = configuration.accelerators.contains { $0.name == "qtest" }
        if !mayBeTest {
            throw .part(
                option: "-kernel", reason: "There is nothing to boot; -kernel FILE names a bzImage or an ELF kernel.")
        }
    }

    /// Memory, accelerator, time and back ends.
    private static func construct(
        _ configuration: MachineConfiguration, _ type: MachineType, _ values: BoardProperties.Values, _ loop: EventLoop,
        _ log: Log, _ interruption: Int32?
    ) throws(MachineError) -> Construction {
        guard let layout = RAMLayout(size: configuration.memory.size, lowLimit: type.lowMemoryLimit) else {
            throw .part(
                option: "-m", reason: "\(configuration.memory.size) bytes do not fit into a guest's address space.")
        }
        let topology = configuration.topology
        guard
            let grouping = CPUTopology(
                sockets: topology.sockets, dies: topology.dies, cores: topology.cores, threads: topology.threads)
        else { throw .part(option: "-smp", reason: "The topology has a level that is out of range.") }
        try Accelerator.checkReach(configuration, layout)
        let memory = try MachineMemory(configuration, type, values, layout, grouping, interruption: interruption)
        let hypervisor = try Accelerator.choose(
            configuration.accelerators, memory: memory.guest, topology: grouping,
            hasKernel: configuration.firmware.kernel != nil, hasPIT: type.hasTimer, log: log)
        let isTest = hypervisor.name == "qtest"
        let clock: Clock
        do throws(Errno) {
            clock = try Clock(source: isTest ? .manual : .host)
            _ = try clock.attach(to: loop)
        } catch {
            throw .system(action: "make the machine's clock", errno: error)
        }
        clock.pause()
        let power = PowerRequests()
        let backEnds = BackEnds(loop: loop, clock: clock, log: log, interruption: interruption) { power.send(.quit) }
        let buses = Buses(ports: AddressSpace(.port), memory: AddressSpace(.memory))
        buses.ports.bindDoorbells(with: hypervisor)
        buses.memory.bindDoorbells(with: hypervisor)
        buses.report(to: log)
        return Construction(
            configuration: configuration, topology: grouping, loop: loop, clock: clock, log: log,
            memory: memory.guest, memoryBackends: memory.backends, nodes: memory.nodes, hypervisor: hypervisor,
            buses: buses, backEnds: backEnds, power: power)
    }

    /// The devices to plug: those asked for, and one for each drive that no device names.
    private static func devices(
        _ configuration: MachineConfiguration, _ construction: Construction, _ type: MachineType
    ) throws(MachineError) -> [DeviceConfiguration] {
        var devices = configuration.devices
        for drive in configuration.drives {
            let name = try construction.backEnds.add(drive)
            let isUsed = configuration.devices.contains { $0.properties["drive"] == .string(name) }
            guard drive.interface == .virtio || (drive.interface == nil && !isUsed) else { continue }
            let driver = type.name == "microvm" ? "virtio-blk-device" : "virtio-blk-pci"
            devices.append(DeviceConfiguration(driver: driver, properties: ["drive": .string(name)]))
        }
        return devices
    }

    /// The vCPUs, parked.
    private static func processors(_ construction: Construction) throws(MachineError) -> [Processor] {
        var processors: [Processor] = []
        do {
            for index in 0..<construction.configuration.topology.processors {
                let cpu = try construction.hypervisor.makeVirtualCPU(index, buses: construction.buses)
                let power = construction.power
                processors.append(
                    try Processor(cpu, threadName: "CPU \(index)/KVM") { power.send(.stopped(vCPU: index, $0)) })
            }
            return processors
        } catch {
            for processor in processors { processor.finish() }
            throw .part(option: "-smp", reason: "\(error)")
        }
    }
}
