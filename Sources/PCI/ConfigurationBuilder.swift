/// Builds a configuration space from a layout: header, BARs, registers, and the two capability lists.
struct ConfigurationBuilder {
    private(set) var space: ConfigurationSpace
    private(set) var offsets = CapabilityOffsets()
    private let name: String
    /// Bytes of the first 256 that something lies in.
    private var isUsed: [Bool]
    /// Where the offset of the next capability is to be written.
    private var link = ConfigurationOffset.capabilities

    init(name: String, _ layout: PCILayout, msi: MSI?) throws(PCIError) {
        self.name = name
        let isExtended = layout.express != nil && !layout.extendedCapabilities.isEmpty
        space = ConfigurationSpace(count: isExtended ? ConfigurationOffset.end : ConfigurationOffset.extended)
        isUsed = (0..<ConfigurationOffset.extended).map { $0 < ConfigurationOffset.firstCapability }

        try check(layout)
        defineHeader(layout)
        for bar in layout.bars { define(bar) }
        for register in layout.registers {
            space.define(
                register.offset, register.value, writable: register.writable, clearable: register.clearable)
            let covered = register.offset..<register.offset + register.value.count
            for offset in covered.clamped(to: isUsed.indices) { isUsed[offset] = true }
        }
        if let express = layout.express {
            offsets.express = try append(express.capability(onRootBus: true))
        }
        if layout.hasPowerManagement { offsets.powerManagement = try append(.powerManagement) }
        if let msi { offsets.msi = try append(msi.capability) }
        if let msix = layout.msix { offsets.msix = try append(msix.capability) }
        for capability in layout.capabilities { offsets.others.append(try append(capability)) }
        try define(layout.extendedCapabilities)
    }

    private func invalid(_ reason: String) -> PCIError { .invalidLayout(name: name, reason: reason) }

    private func check(_ layout: PCILayout) throws(PCIError) {
        var registers: Set<Int> = []
        for bar in layout.bars {
            if let problem = bar.problem(in: layout.header) { throw invalid("BAR \(bar.index) \(problem)") }
            for index in bar.index...bar.index + (bar.is64Bit ? 1 : 0) where !registers.insert(index).inserted {
                throw invalid("BAR \(index) is declared twice")
            }
        }
        for register in layout.registers {
            guard (0...space.count - register.value.count).contains(register.offset) else {
                throw invalid("registers lie outside configuration space")
            }
        }
        guard layout.messages == 0 || layout.messages <= 32 && layout.messages.nonzeroBitCount == 1 else {
            throw invalid("\(layout.messages) MSI messages are not 1, 2, 4, 8, 16 or 32")
        }
        guard let msix = layout.msix else { return }
        guard (1...2048).contains(msix.vectors) else {
            throw invalid("\(msix.vectors) MSI-X vectors are not between 1 and 2048")
        }
        let end = max(
            UInt64(msix.tableOffset) + UInt64(msix.tableSize), UInt64(msix.pendingOffset) + UInt64(msix.pendingSize))
        guard msix.tableOffset % 8 == 0, msix.pendingOffset % 8 == 0,
            layout.bars.contains(where: { $0.index == msix.bar && $0.space != .io && $0.size >= end })
        else { throw invalid("MSI-X table does not fit BAR \(msix.bar)") }
    }

    // MARK: Header

    private mutating func defineHeader(_ layout: PCILayout) {
        let identity = layout.identity
        space.define(ConfigurationOffset.vendor, identity.vendor)
        space.define(ConfigurationOffset.device, identity.device)
        space.define(ConfigurationOffset.command, UInt16(0), writable: PCICommand.writable.rawValue)
        space.define(ConfigurationOffset.status, UInt16(0), clearable: PCIStatus.errors)
        space.define(ConfigurationOffset.revision, UInt32(identity.revision) | identity.classCode << 8)
        space.define(ConfigurationOffset.cacheLine, UInt8(0), writable: 0xff)
        // The latency timer means nothing on PCI Express and is fixed there (PCIe 4.0 §7.5.1.1.7).
        space.define(ConfigurationOffset.latencyTimer, UInt8(0), writable: layout.express == nil ? 0xff : 0)
        space.define(
            ConfigurationOffset.headerType,
            UInt8(layout.header == .bridge ? 1 : 0) | (identity.isMultifunction ? 0x80 : 0))
        space.define(ConfigurationOffset.interruptLine, UInt8(0), writable: 0xff)
        space.define(ConfigurationOffset.interruptPin, layout.interruptPin?.rawValue ?? 0)
        switch layout.header {
        case .endpoint:
            space.define(ConfigurationOffset.subsystemVendor, identity.subsystemVendor)
            space.define(ConfigurationOffset.subsystem, identity.subsystem)
        case .bridge:
            // Bus numbers; the secondary latency timer behind them is fixed.
            space.define(ConfigurationOffset.primaryBus, UInt32(0), writable: 0x00ff_ffff)
            space.define(ConfigurationOffset.ioBase, UInt16(0), writable: 0xf0f0)
            space.define(ConfigurationOffset.secondaryStatus, UInt16(0), clearable: PCIStatus.errors)
            space.define(ConfigurationOffset.memoryBase, UInt32(0), writable: 0xfff0_fff0)
            // The low bits say that the prefetchable window has 64 bits.
            space.define(ConfigurationOffset.prefetchableBase, UInt32(0x0001_0001), writable: 0xfff0_fff0)
            space.define(ConfigurationOffset.prefetchableBaseUpper, UInt64(0), writable: .max)
            space.define(ConfigurationOffset.bridgeControl, UInt16(0), writable: 0x007f)
        }
    }

    private mutating func define(_ bar: PCIBAR) {
        // Only the bits above the size are storage, which is also how a guest learns the size.
        let mask = ~(bar.size - 1)
        // Ports have 16 bits; the rest of such a register reads as zero.
        let low = bar.space == .io ? UInt32(truncatingIfNeeded: mask) & 0xffff : UInt32(truncatingIfNeeded: mask)
        space.define(bar.offset, bar.flags, writable: low)
        if bar.is64Bit { space.define(bar.offset + 4, UInt32(0), writable: UInt32(truncatingIfNeeded: mask >> 32)) }
    }

    // MARK: Capabilities

    /// Puts a capability at the first free place and links it into the list.
    private mutating func append(_ capability: PCICapability) throws(PCIError) -> Int {
        let count = 2 + capability.body.count
        let places = stride(
            from: ConfigurationOffset.firstCapability, through: ConfigurationOffset.extended - count, by: 4)
        guard let offset = places.first(where: { place in !isUsed[place..<place + count].contains(true) }) else {
            throw invalid("capabilities need more than 192 bytes")
        }
        for index in offset..<offset + count { isUsed[index] = true }
        space.define(offset, [capability.id, 0])
        space.define(
            offset + 2, capability.body, writable: capability.writable, clearable: capability.clearable)
        space.define(link, UInt8(offset))
        space.define(ConfigurationOffset.status, PCIStatus.capabilities, clearable: PCIStatus.errors)
        link = offset + 1
        return offset
    }

    private mutating func define(_ capabilities: [PCIExtendedCapability]) throws(PCIError) {
        var offset = ConfigurationOffset.extended
        for (index, capability) in capabilities.enumerated() {
            let end = (offset + 4 + capability.body.count + 3) & ~3
            guard end <= space.count else { throw invalid("extended capabilities do not fit configuration space") }
            let next = index + 1 < capabilities.count ? UInt32(end) : 0
            space.define(offset, UInt32(capability.id) | UInt32(capability.version & 0xf) << 16 | next << 20)
            space.define(
                offset + 4, capability.body, writable: capability.writable, clearable: capability.clearable)
            offset = end
        }
    }
}

extension PCICapability {
    /// D0 and D3hot, no PME, and no state lost on the way back. PCI Power Management 1.2 §3.2.
    static let powerManagement = PCICapability(
        id: 0x01, body: [0x03, 0x00, 0x08, 0x00, 0x00, 0x00], writable: [0x00, 0x00, 0x03])
}

extension MSIXLayout {
    /// Table size and places are the guest's to read, Enable and Function Mask its to write.
    var capability: PCICapability {
        let control = UInt16(truncatingIfNeeded: vectors - 1) & 0x7ff
        return PCICapability(
            id: 0x11,
            body: littleEndianBytes(control) + littleEndianBytes(tableOffset | UInt32(bar))
                + littleEndianBytes(pendingOffset | UInt32(bar)),
            writable: [0x00, 0xc0])
    }
}
