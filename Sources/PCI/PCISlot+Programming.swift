internal import Bus

/// Registers as firmware writes them: through the same door as the guest.
extension PCISlot {
    private func write(_ offset: Int, _ value: UInt32, _ width: AccessWidth) {
        writeConfiguration(value, Access(offset: UInt64(offset), width: width))
    }

    func program(_ bar: PCIBAR, at base: UInt64) {
        write(bar.offset, UInt32(truncatingIfNeeded: base), .four)
        if bar.is64Bit { write(bar.offset + 4, UInt32(truncatingIfNeeded: base >> 32), .four) }
    }

    func program(primary: UInt8, secondary: UInt8, subordinate: UInt8) {
        write(ConfigurationOffset.primaryBus, UInt32(primary), .one)
        write(ConfigurationOffset.secondaryBus, UInt32(secondary), .one)
        write(ConfigurationOffset.subordinateBus, UInt32(subordinate), .one)
    }

    /// Sets one window of a bridge; `base` above `limit` closes it.
    func program(_ window: ResourceAssignment.Window, base: UInt64, limit: UInt64) {
        let megabytes = UInt32(truncatingIfNeeded: base >> 16 & 0xfff0 | limit & 0xfff0_0000)
        switch window {
        case .io:
            write(ConfigurationOffset.ioBase, UInt32(truncatingIfNeeded: base >> 8 & 0xf0 | limit & 0xf000), .two)
        case .memory:
            write(ConfigurationOffset.memoryBase, megabytes, .four)
        case .high:
            write(ConfigurationOffset.prefetchableBase, megabytes, .four)
            write(ConfigurationOffset.prefetchableBaseUpper, UInt32(truncatingIfNeeded: base >> 32), .four)
            write(ConfigurationOffset.prefetchableLimitUpper, UInt32(truncatingIfNeeded: limit >> 32), .four)
        }
    }

    /// Switches the decoding of BARs, and of what a bridge passes on.
    func setDecoding(_ isOn: Bool) {
        var command = PCICommand(rawValue: UInt16(truncatingIfNeeded: register(ConfigurationOffset.command, .two)))
        let hasPorts = layout.header == .bridge || layout.bars.contains { $0.space == .io }
        let hasMemory = layout.header == .bridge || layout.bars.contains { $0.space != .io }
        command.subtract([.io, .memory])
        if isOn, hasPorts { command.insert(.io) }
        if isOn, hasMemory { command.insert(.memory) }
        if isOn, layout.header == .bridge { command.insert(.busMaster) }
        write(ConfigurationOffset.command, UInt32(command.rawValue), .two)
    }
}
