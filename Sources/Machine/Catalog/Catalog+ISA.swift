internal import Bus
internal import Character
internal import Configuration
internal import Devices
internal import PCI

/// What the devices at fixed ports take.
enum ISAProperties {
    static let stream = Property<String>.string("chardev", "the -chardev it talks to")
    static let index = Property<Int>.integer("index", in: 0...3, "which of COM1 to COM4; by default the next")
    static let serial = PropertySchema(stream, index)

    static let exitPort = Property<Int>.integer("iobase", in: 0...0xffff, default: 0x501, "first port")
    static let exitPorts = Property<Int>.integer("iosize", in: 1...8, default: 2, "number of ports")
    static let exit = PropertySchema(exitPort, exitPorts)

    static let consolePort = Property<Int>.integer("iobase", in: 0...0xffff, default: 0xe9, "port")
    static let console = PropertySchema(stream, consolePort)
}

extension DeviceModel {
    static let serial = DeviceModel(
        name: "isa-serial", summary: "a serial port (16550A)", schema: ISAProperties.serial,
        make: .isa { _, reader, bus throws(MachineError) in
            try bus.plugSerialPort(
                .chardev(try reader.get(ISAProperties.stream)), index: try reader.find(ISAProperties.index))
        })

    static let debugExit = DeviceModel(
        name: "isa-debug-exit", summary: "ends the machine with the status a guest writes", schema: ISAProperties.exit,
        make: .isa { request, reader, bus throws(MachineError) in
            let port = try reader.get(ISAProperties.exitPort)
            let count = try reader.get(ISAProperties.exitPorts)
            guard port + count <= 0x10000 else {
                throw .configuration(reader.refusal(ISAProperties.exitPort, allowed: "a port with \(count) up to 0xffff"))
            }
            let device = DebugExit(power: request.construction.power)
            try bus.plug(device, name: request.name, port: UInt16(port), count: count)
        })

    static let debugConsole = DeviceModel(
        name: "isa-debugcon", summary: "a port for messages of firmware", schema: ISAProperties.console,
        make: .isa { request, reader, bus throws(MachineError) in
            let port = UInt16(try reader.get(ISAProperties.consolePort))
            let stream = CharacterReference.chardev(try reader.get(ISAProperties.stream))
            try DebugConsole.plug(stream, named: request.name, port: port, request.construction, bus)
        })

    static let rootPort = DeviceModel(
        name: "pcie-root-port", summary: "a PCI Express root port, with a bus for one device behind it",
        schema: RootPortProperties.schema + PCIProperties.schema,
        make: .pci { request, reader throws(MachineError) in
            let port = try reader.get(RootPortProperties.port)
            let chassis = try reader.get(RootPortProperties.chassis)
            let slot = try reader.find(RootPortProperties.slot) ?? chassis
            let isMultifunction = try PCIProperties.isMultifunction(&reader)
            return try blaming(request.subject) { () throws(PCIError) in
                try PCIERootPort(
                    name: request.name, port: UInt8(port), chassisSlot: UInt16(slot), isMultifunction: isMultifunction)
            }
        })
}

/// What `pcie-root-port` takes.
enum RootPortProperties {
    static let port = Property<Int>.integer("port", in: 0...255, default: 0, "port number")
    static let chassis = Property<Int>.integer("chassis", in: 0...255, default: 0, "chassis number")
    static let slot = Property<Int>.integer("slot", in: 0...8191, "slot number; by default the chassis number")
    static let schema = PropertySchema(port, chassis, slot)
}

extension DebugConsole {
    /// Puts a debug console on `stream`; used by `-debugcon` too.
    static func plug(
        _ stream: CharacterReference, named name: String, port: UInt16, _ construction: Construction, _ bus: any ISABus
    ) throws(MachineError) {
        guard let backend = try construction.backEnds.character(stream, for: name) else { return }
        // A byte that the back end has no room for is dropped: the device has no way to make its guest wait.
        try bus.plug(DebugConsole { _ = backend.write($0) }, name: name, port: port, count: 1)
    }
}
