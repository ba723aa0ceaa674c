/// The width of a guest access in bytes.
package enum AccessWidth: UInt8, Sendable, CaseIterable {
    case one = 1
    case two = 2
    case four = 4
    case eight = 8

    package var count: UInt64 { UInt64(rawValue) }

    /// All bits that a value of this width can have; also what a read of nothing answers.
    package var mask: UInt64 { self == .eight ? .max : (1 << (count * 8)) - 1 }
}

/// Where in a device a guest reads or writes, and how wide.
///
/// `offset` counts from the start of the range that the device was mapped at. An access never reaches past that range:
/// the address space splits or refuses what would.
package struct Access: Sendable, Hashable {
    package let offset: UInt64
    package let width: AccessWidth

    package init(offset: UInt64, width: AccessWidth) {
        self.offset = offset
        self.width = width
    }
}

/// Something with registers.
///
/// Both calls come on the thread of the vCPU that made the access (or the control thread under qtest), several at once
/// if several vCPUs do so: a device keeps its registers in one `Mutex`, computes under it and calls out after it.
///
/// A guest access never fails. A read of a register that does not exist answers all ones (or what the specification
/// says), a write to it does nothing.
package protocol BusDevice: AnyObject, Sendable {
    /// The value, in the low `width` bytes; higher bits are ignored.
    func read(_ access: Access) -> UInt64

    /// `value` has no bits above `width`.
    func write(_ value: UInt64, _ access: Access)
}
