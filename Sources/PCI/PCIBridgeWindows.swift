internal import Bus
internal import Memory
internal import Synchronization

/// The address ranges a bridge passes on to its secondary bus. PCI-to-PCI Bridge 1.2 §3.2.5.
struct PCIBridgeWindows: Sendable, Equatable {
    /// Nil: closed.
    var io: GuestRange?
    var memory: GuestRange?
    var prefetchable: GuestRange?

    init(_ space: borrowing ConfigurationSpace) {
        let command = PCICommand(rawValue: space.word(ConfigurationOffset.command))
        if command.contains(.io) {
            let ports = UInt64(space.word(ConfigurationOffset.ioBase))
            io = GuestRange(
                start: GuestAddress((ports & 0xf0) << 8), last: GuestAddress((ports >> 8 & 0xf0) << 8 | 0xfff))
        }
        if command.contains(.memory) {
            func window(_ offset: Int, _ upperBase: UInt64 = 0, _ upperLimit: UInt64 = 0) -> GuestRange? {
                let registers = UInt64(space.read(offset, .four))
                let base = (registers & 0xfff0) << 16 | upperBase << 32
                let limit = registers & 0xfff0_0000 | 0xf_ffff | upperLimit << 32
                return GuestRange(start: GuestAddress(base), last: GuestAddress(limit))
            }
            memory = window(ConfigurationOffset.memoryBase)
            prefetchable = window(
                ConfigurationOffset.prefetchableBase,
                UInt64(space.read(ConfigurationOffset.prefetchableBaseUpper, .four)),
                UInt64(space.read(ConfigurationOffset.prefetchableLimitUpper, .four)))
        }
    }
}

extension PCISlot {
    /// Whether this bridge, and every bridge above it, passes accesses to `range` down.
    func forwards(_ range: GuestRange, _ bar: PCIBAR) -> Bool {
        let windows = registers.withLock { PCIBridgeWindows($0) }
        let isOpen =
            bar.space == .io
            ? windows.io?.contains(range) ?? false
            : windows.memory?.contains(range) ?? false || windows.prefetchable?.contains(range) ?? false
        guard isOpen else { return false }
        return connection.load()?.bus?.bridge?.slot.forwards(range, bar) ?? true
    }

    /// The buses behind a bridge, by the numbers the guest gave them; nil before it did.
    var busNumbers: ClosedRange<UInt8>? {
        let numbers = registers.withLock { $0.read(ConfigurationOffset.primaryBus, .four) }
        let secondary = UInt8(truncatingIfNeeded: numbers >> 8)
        let subordinate = UInt8(truncatingIfNeeded: numbers >> 16)
        return secondary > 0 && subordinate >= secondary ? secondary...subordinate : nil
    }
}
