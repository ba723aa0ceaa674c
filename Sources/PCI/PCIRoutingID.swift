/// A function's address as configuration requests carry it: a bus number, which the guest assigns, and the place on
/// that bus. PCIe 4.0 §2.2.6.2.
package struct PCIRoutingID: Hashable, Sendable, CustomStringConvertible {
    package let bus: UInt8
    package let address: PCIAddress

    package init(bus: UInt8, address: PCIAddress) {
        self.bus = bus
        self.address = address
    }

    /// `00:1f.0`.
    package var description: String { (bus < 16 ? "0" : "") + String(bus, radix: 16) + ":" + address.description }
}
