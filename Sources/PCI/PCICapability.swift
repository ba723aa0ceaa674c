/// An entry of a function's capability list, header excluded. PCI 3.0 §6.7.
///
/// The framework builds the PCI Express, power management, MSI and MSI-X capabilities itself; this is for the others,
/// such as virtio's vendor-specific ones.
package struct PCICapability: Sendable {
    package static let vendorSpecific: UInt8 = 0x09

    package var id: UInt8
    /// What follows the two header bytes (id, next), as it is after power-on.
    package var body: [UInt8]
    /// The bits of `body` a guest may write; missing bytes are read-only.
    package var writable: [UInt8]
    /// The bits of `body` a guest clears by writing one.
    package var clearable: [UInt8]

    package init(id: UInt8, body: [UInt8], writable: [UInt8] = [], clearable: [UInt8] = []) {
        self.id = id
        self.body = body
        self.writable = writable
        self.clearable = clearable
    }
}

/// An entry of the list in extended configuration space, from 0x100 on; only for functions with `express`.
/// PCIe 4.0 §7.6.
package struct PCIExtendedCapability: Sendable {
    package var id: UInt16
    package var version: UInt8
    /// What follows the four header bytes.
    package var body: [UInt8]
    package var writable: [UInt8]
    package var clearable: [UInt8]

    package init(id: UInt16, version: UInt8, body: [UInt8], writable: [UInt8] = [], clearable: [UInt8] = []) {
        self.id = id
        self.version = version
        self.body = body
        self.writable = writable
        self.clearable = clearable
    }
}

/// A device-specific configuration register outside header and capabilities, as chipsets have them.
package struct PCIRegister: Sendable {
    package var offset: Int
    /// The value after power-on, little-endian, and the bits of it that a guest may write.
    package var value: [UInt8]
    package var writable: [UInt8]
    package var clearable: [UInt8]

    /// A register of `MemoryLayout<Value>.size` bytes.
    package init<Value: FixedWidthInteger>(offset: Int, value: Value, writable: Value = 0, clearable: Value = 0) {
        self.offset = offset
        self.value = littleEndianBytes(value)
        self.writable = littleEndianBytes(writable)
        self.clearable = littleEndianBytes(clearable)
    }
}

/// The bytes of `value` in the order configuration space holds them.
func littleEndianBytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Value($0 * 8)) }
}
