internal import Bus
internal import Memory
internal import Synchronization

/// A bridge's window registers as numbers: first and last address. PCI-to-PCI Bridge 1.2 §3.2.5.
struct PCIBridgeRegisters {
    let io: (base: UInt64, limit: UInt64)
    let memory: (base: UInt64, limit: UInt64)
    let prefetchable: (base: UInt64, limit: UInt64)

    init(_ space: borrowing ConfigurationSpace) {
        func memory(_ offset: Int, _ base: UInt64 = 0, _ limit: UInt64 = 0) -> (base: UInt64, limit: UInt64) {
            let window = UInt64(space.read(offset, .four))
            return ((window & 0xfff0) << 16 | base << 32, window & 0xfff0_0000 | 0xf_ffff | limit << 32)
        }
        let ports = UInt64(space.word(ConfigurationOffset.ioBase))
        io = ((ports & 0xf0) << 8, ports & 0xf000 | 0xfff)
        self.memory = memory(ConfigurationOffset.memoryBase)
        prefetchable = memory(
            ConfigurationOffset.prefetchableBase,
            UInt64(space.read(ConfigurationOffset.prefetchableBaseUpper, .four)),
            UInt64(space.read(ConfigurationOffset.prefetchableLimitUpper, .four)))
    }
}

/// The address ranges a bridge passes on to its secondary bus, as far as its COMMAND register lets it; nil: closed.
struct PCIBridgeWindows: Sendable, Equatable {
    var io: GuestRange?
    var memory: GuestRange?
    var prefetchable: GuestRange?

    init(_ space: borrowing ConfigurationSpace) {
        let command = PCICommand(rawValue: space.word(ConfigurationOffset.command))
        let registers = PCIBridgeRegisters(space)
        func range(_ window: (base: UInt64, limit: UInt64)) -> GuestRange? {
            GuestRange(start: GuestAddress(window.base), last: GuestAddress(window.limit))
        }
        if command.contains(.io) { io = range(registers.io) }
        if command.contains(.memory) {
            memory = range(registers.memory)
            prefetchable = range(registers.prefetchable)
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
