package import Bus
package import Memory
internal import Synchronization

/// Ports 0xCF8 (address, 32-bit only) and 0xCFC (data, any width): the first 256 bytes of every configuration space.
/// PCI 3.0 §3.2.2.3.2.
///
/// On the PC, port 0xCF9 lies in the middle of the address register and is the chipset's reset control. A second device
/// mapped there would cut 32-bit accesses to 0xCF8 in pieces, so it is given to this one, which passes it what is
/// narrower than 32 bits.
package final class ConfigurationPorts: BusDevice, MachinePart {
    /// The ports it is mapped at.
    package static let range = GuestRange(start: GuestAddress(0xcf8), last: GuestAddress(0xcff))

    private let root: PCIRootComplex
    private let resetControl: (any BusDevice)?
    private let address = Mutex<UInt32>(0)

    /// - Parameter resetControl: port 0xCF9, as a device of one byte.
    package init(_ root: PCIRootComplex, resetControl: (any BusDevice)? = nil) {
        self.root = root
        self.resetControl = resetControl
    }

    package func read(_ access: Access) -> UInt64 {
        guard access.offset < 4 else {
            guard let (id, register) = target(access) else { return access.width.mask }
            return root.read(id, register)
        }
        if access.offset == 0, access.width == .four { return UInt64(address.withLock { $0 }) }
        if let resetControl, ConfigurationPorts.isResetControl(access) {
            return resetControl.read(Access(offset: 0, width: .one))
        }
        return access.width.mask
    }

    package func write(_ value: UInt64, _ access: Access) {
        guard access.offset < 4 else {
            guard let (id, register) = target(access) else { return }
            return root.write(id, value, register)
        }
        if access.offset == 0, access.width == .four {
            // Enable, bus, device, function and register number; the other bits are reserved and read as zero.
            address.withLock { $0 = UInt32(truncatingIfNeeded: value) & 0x80ff_fffc }
        } else if let resetControl, ConfigurationPorts.isResetControl(access) {
            resetControl.write(value & 0xff, Access(offset: 0, width: .one))
        }
    }

    /// Power-on state: nothing selected.
    package func reset() { address.withLock { $0 = 0 } }

    private static func isResetControl(_ access: Access) -> Bool { access.offset == 1 && access.width != .four }

    /// What the address register selects; nil while it is not enabled.
    private func target(_ access: Access) -> (PCIRoutingID, Access)? {
        let address = address.withLock { $0 }
        guard address & 1 << 31 != 0 else { return nil }
        let id = PCIRoutingID(
            bus: UInt8(truncatingIfNeeded: address >> 16),
            address: PCIAddress(devfn: UInt8(truncatingIfNeeded: address >> 8)))
        return (id, Access(offset: UInt64(address & 0xfc) + (access.offset & 3), width: access.width))
    }
}
