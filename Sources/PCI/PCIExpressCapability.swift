/// The PCI Express capability, version 2. PCIe 4.0 §7.5.3.
extension PCILayout.Express {
    /// Offsets within the capability.
    static let linkStatus = 0x12, slotStatus = 0x1a

    /// Bits of Link Status and Slot Status.
    static let linkIsActive: UInt16 = 1 << 13, presence: UInt16 = 1 << 6

    private enum Port: UInt16 { case endpoint = 0, rootPort = 4, integratedEndpoint = 9 }

    /// A link of one lane at 2.5 GT/s: as it carries nothing, what it says is only required to agree on both ends.
    private static let link: UInt16 = 1 << 4 | 1

    /// The capability after power-on; its length does not depend on the arguments.
    ///
    /// - Parameter onRootBus: an endpoint there is integrated in the root complex, and has no link.
    func capability(onRootBus: Bool) -> PCICapability {
        var body = [UInt8](repeating: 0, count: 0x3c - 2)
        var writable = body
        var clearable = body
        func put<Value: FixedWidthInteger>(_ offset: Int, _ value: Value, in bytes: inout [UInt8]) {
            bytes.replaceSubrange(offset - 2..<offset - 2 + Value.bitWidth / 8, with: littleEndianBytes(value))
        }

        var type = Port.endpoint
        if case .rootPort = self { type = .rootPort } else if onRootBus { type = .integratedEndpoint }
        let hasSlot: UInt16 = type == .rootPort ? 1 << 8 : 0
        put(0x02, 2 | type.rawValue << 4 | hasSlot, in: &body)
        // Device: role-based error reporting; payloads of 128 bytes, read requests of 512.
        put(0x04, UInt32(1 << 15), in: &body)
        put(0x08, UInt16(0x2810), in: &body)
        put(0x08, UInt16(0x78ff), in: &writable)
        put(0x0a, UInt16(0x000f), in: &clearable)
        if type != .integratedEndpoint {
            put(0x0c, UInt32(Self.link), in: &body)
            put(0x10, UInt16(0x00c3), in: &writable)
            put(Self.linkStatus, Self.link, in: &body)
            // Supported speeds, and the target speed.
            put(0x2c, UInt32(1 << 1), in: &body)
            put(0x30, UInt16(1), in: &body)
        }
        if case .rootPort(let port, let slot) = self {
            // The port reports when its link is up.
            put(0x0c, UInt32(Self.link) | 1 << 20 | UInt32(port) << 24, in: &body)
            put(0x14, UInt32(slot & 0x1fff) << 19, in: &body)
            put(0x1c, UInt16(0x000f), in: &writable)
            put(0x20, UInt32(1 << 16), in: &clearable)
        }
        return PCICapability(id: 0x10, body: body, writable: writable, clearable: clearable)
    }
}
