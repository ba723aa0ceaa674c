package import Bus
internal import Synchronization

extension PCISlot {
    // MARK: The guest's access

    /// A guest's read of configuration space, 1, 2 or 4 bytes within an aligned dword.
    package func readConfiguration(_ access: Access) -> UInt32 {
        let offset = Int(clamping: access.offset)
        // Conventional functions have nothing there at all; the others have room for capabilities, empty or not.
        guard offset < (layout.express == nil ? ConfigurationOffset.extended : ConfigurationOffset.end) else {
            return UInt32(truncatingIfNeeded: access.width.mask)
        }
        if let value = connection.load()?.function?.readConfiguration(access) { return value }
        if let msi, let at = offsets.msi, touches(access, at + MSI.pending, 4) {
            let pending = msi.pendingBits
            registers.withLock { $0.set(pending, at + MSI.pending, .four) }
        }
        return registers.withLock { $0.read(offset, access.width) }
    }

    /// A guest's write of configuration space; also how firmware, or a board in its place, programs a function. What
    /// follows from it (BARs that move, interrupts that are delivered) is done when the call returns.
    package func writeConfiguration(_ value: UInt32, _ access: Access) {
        let offset = Int(clamping: access.offset)
        let wasResetting = layout.header == .bridge && isResettingSecondary
        registers.withLock { $0.write(value, offset, access.width) }
        let connection = connection.load()
        if movesSomething(access) {
            settle()
            followInterruptControl()
        }
        if layout.header == .bridge, !wasResetting, isResettingSecondary { connection?.function?.secondary?.reset() }
        connection?.function?.configurationWritten(value, access)
    }

    private var isResettingSecondary: Bool {
        registers.withLock { $0.word(ConfigurationOffset.bridgeControl) & 1 << 6 != 0 }
    }

    private func touches(_ access: Access, _ offset: Int, _ count: Int) -> Bool {
        access.offset < UInt64(offset + count) && access.offset &+ access.width.count > UInt64(offset)
    }

    /// Whether the outside may have to follow a write.
    private func movesSomething(_ access: Access) -> Bool {
        // BARs, and in a bridge the windows behind them.
        touches(access, ConfigurationOffset.command, 2) || touches(access, ConfigurationOffset.bar0, 0x20)
            || offsets.msix.map { touches(access, $0 + 2, 2) } ?? false
            || offsets.msi.map { touches(access, $0 + 2, MSI.length - 2) } ?? false
    }

    // MARK: The device's access

    /// A register as stored.
    package func register(_ offset: Int, _ width: AccessWidth) -> UInt32 {
        registers.withLock { $0.read(offset, width) }
    }

    /// Stores a register, read-only bits too. For device-specific registers and capabilities: what the framework owns
    /// (COMMAND, BARs, MSI) does not follow.
    package func setRegister(_ offset: Int, _ value: UInt32, _ width: AccessWidth) {
        registers.withLock { $0.set(value, offset, width) }
    }
}
