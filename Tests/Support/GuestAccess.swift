package import Bus

/// A guest's hands: port and memory accesses, as the drivers of this target make them.
///
/// `DirectGuestAccess` makes them in this process; a qtest socket makes the same ones in another. What cannot be
/// carried out reads as all ones, as on a bus.
package protocol GuestAccess: AnyObject {
    func input(_ port: UInt16, _ width: AccessWidth) -> UInt64
    func output(_ value: UInt64, to port: UInt16, _ width: AccessWidth)
    func load(_ address: UInt64, _ width: AccessWidth) -> UInt64
    func store(_ value: UInt64, at address: UInt64, _ width: AccessWidth)

    /// Guest RAM in bulk.
    func bytes(at address: UInt64, count: Int) -> [UInt8]
    func write(_ bytes: [UInt8], at address: UInt64)
}

/// The accesses by their usual names.
extension GuestAccess {
    package func inb(_ port: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: input(port, .one)) }
    package func inw(_ port: UInt16) -> UInt16 { UInt16(truncatingIfNeeded: input(port, .two)) }
    package func inl(_ port: UInt16) -> UInt32 { UInt32(truncatingIfNeeded: input(port, .four)) }
    package func outb(_ port: UInt16, _ value: UInt8) { output(UInt64(value), to: port, .one) }
    package func outw(_ port: UInt16, _ value: UInt16) { output(UInt64(value), to: port, .two) }
    package func outl(_ port: UInt16, _ value: UInt32) { output(UInt64(value), to: port, .four) }

    package func readb(_ address: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: load(address, .one)) }
    package func readw(_ address: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: load(address, .two)) }
    package func readl(_ address: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: load(address, .four)) }
    package func readq(_ address: UInt64) -> UInt64 { load(address, .eight) }
    package func writeb(_ address: UInt64, _ value: UInt8) { store(UInt64(value), at: address, .one) }
    package func writew(_ address: UInt64, _ value: UInt16) { store(UInt64(value), at: address, .two) }
    package func writel(_ address: UInt64, _ value: UInt32) { store(UInt64(value), at: address, .four) }
    package func writeq(_ address: UInt64, _ value: UInt64) { store(value, at: address, .eight) }
}
