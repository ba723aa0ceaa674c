internal import Configuration

/// What `-machine` takes on every board.
enum BoardProperties {
    static let acpi = Property<Toggle>.choice("acpi", default: .auto, "describe the machine by ACPI")
    static let dumpsCore = Property<Bool>.boolean("dump-guest-core", default: true, "guest memory in core dumps")
    static let sharesMemory = Property<Bool>.boolean("mem-share", default: false, "guest memory that other processes can map")
    static let mergesMemory = Property<Bool>.boolean("mem-merge", default: true, "let the kernel merge equal pages")
    static let memoryBackend = Property<String>.string("memory-backend", "the object that the memory is made of")
    static let interruptChip = Property<String>.choice(
        "kernel_irqchip", ["on", "off", "split"], default: "on", "where the interrupt controllers are")
    static let usb = Property<Bool>.boolean("usb", default: false, "a USB controller")
    static let graphics = Property<Bool>.boolean("graphics", default: false, "a display adapter")
    static let vmPort = Property<Toggle>.choice("vmport", default: .auto, "VMware's port")
    static let smm = Property<Toggle>.choice("smm", default: .auto, "System Management Mode")
    static let nvdimm = Property<Bool>.boolean("nvdimm", default: false, "persistent memory")

    static let common = PropertySchema(
        acpi, dumpsCore, sharesMemory, mergesMemory, memoryBackend, interruptChip, usb, graphics, vmPort, smm,
        nvdimm)

    /// What all boards make of the common properties.
    struct Values {
        let hasACPI: Bool
        let dumpsCore: Bool
        let mergesMemory: Bool
        let sharesMemory: Bool
        let memoryBackend: String?
    }

    static func read(_ reader: inout PropertyReader) throws(MachineError) -> Values {
        try reader.insist(interruptChip, is: "on", otherwise: "The interrupt controllers are KVM's; 'on' is the only choice.")
        try reader.insist(usb, is: false, otherwise: "There is no USB yet.")
        // Headless whatever this says: the guest finds no adapter, which is what off means.
        _ = try reader.get(graphics)
        try insistOff(vmPort, &reader, "There is no VMware port.")
        try insistOff(smm, &reader, "There is no System Management Mode.")
        try reader.insist(nvdimm, is: false, otherwise: "There is no persistent memory yet.")
        return Values(
            hasACPI: try reader.get(acpi) != .off, dumpsCore: try reader.get(dumpsCore),
            mergesMemory: try reader.get(mergesMemory), sharesMemory: try reader.get(sharesMemory),
            memoryBackend: try reader.find(memoryBackend))
    }

    private static func insistOff(
        _ property: Property<Toggle>, _ reader: inout PropertyReader, _ reason: String
    ) throws(MachineError) {
        if try reader.get(property) == .on { throw .part(option: reader.subject, reason: "'\(property.name)': \(reason)") }
    }
}
