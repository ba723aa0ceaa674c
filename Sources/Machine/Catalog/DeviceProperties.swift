internal import Configuration
internal import Host
internal import PCI
internal import Virtio

/// What every virtio device takes, on any transport.
enum RingProperties {
    static let indirect = Property<Bool>.boolean("indirect_desc", default: true, "offer indirect descriptors")
    static let eventIndex = Property<Bool>.boolean("event_idx", default: true, "offer notification suppression by index")
    static let packed = Property<Bool>.boolean("packed", default: false, "offer packed rings")
    static let iommu = Property<Bool>.boolean("iommu_platform", default: false, "put an IOMMU before the device")
    static let schema = PropertySchema(indirect, eventIndex, packed, iommu)

    /// The ring features to offer.
    static func features(_ reader: inout PropertyReader) throws(MachineError) -> VirtioFeatures {
        try reader.insist(packed, is: false, otherwise: "Packed rings are not supported yet.")
        try reader.insist(iommu, is: false, otherwise: "There is no IOMMU yet.")
        var features: VirtioFeatures = []
        if try reader.get(indirect) { features.insert(.indirectDescriptors) }
        if try reader.get(eventIndex) { features.insert(.eventIndex) }
        return features
    }
}

/// What every PCI device takes.
enum PCIProperties {
    static let address = Property<String>.string("addr", "place on the bus, SLOT or SLOT.FUNCTION in hexadecimal")
    static let multifunction = Property<Bool>.boolean(
        "multifunction", default: false, "whether the slot has more functions than this one")
    static let romFile = Property<String>.string("romfile", default: "", "option ROM; empty: none")
    static let schema = PropertySchema(address, multifunction, romFile)

    /// Where the user wants it, if anywhere.
    static func address(_ reader: inout PropertyReader) throws(MachineError) -> PCIAddress? {
        guard let text = try reader.find(address) else { return nil }
        return try blaming(reader.subject) { () throws(PCIError) in try PCIAddress(parsing: text) }
    }

    static func isMultifunction(_ reader: inout PropertyReader) throws(MachineError) -> Bool {
        try reader.insist(romFile, is: "", otherwise: "Option ROMs are not supported yet; romfile= (empty) says none.")
        return try reader.get(multifunction)
    }
}

/// What virtio devices take on PCI besides.
enum VirtioPCIProperties {
    static let disableLegacy = Property<Toggle>.choice("disable-legacy", default: .auto, "no legacy interface")
    static let disableModern = Property<Bool>.boolean("disable-modern", default: false, "no modern interface")
    static let vectors = Property<Int>.integer("vectors", in: 0...2048, "MSI-X vectors; by default one per queue and one more")
    static let schema = PropertySchema(disableLegacy, disableModern, vectors)

    /// Reads them; what comes back is how many MSI-X vectors the user wants, if he said.
    static func vectors(_ reader: inout PropertyReader) throws(MachineError) -> Int? {
        // On a PCI Express bus QEMU's devices are modern alone unless asked otherwise, as these always are.
        if try reader.get(disableLegacy) == .off {
            throw .part(option: reader.subject, reason: "'disable-legacy': There is no legacy interface; on and auto are right.")
        }
        try reader.insist(disableModern, is: false, otherwise: "The modern interface is the only one.")
        return try reader.find(vectors)
    }
}
