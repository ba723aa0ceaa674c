/// Everything the framework needs to know of a function to give it a configuration space: identity, BARs, interrupts
/// and capabilities. A value that a device makes once, before its slot.
package struct PCILayout: Sendable {
    package enum Header: Sendable { case endpoint, bridge }

    /// The PCI Express capability a function has.
    package enum Express: Sendable, Hashable {
        /// A root-complex-integrated endpoint on the root bus, a plain one behind a port.
        case endpoint
        /// A root port with this port number and physical slot number.
        case rootPort(port: UInt8, slot: UInt16)
    }

    package var identity: PCIIdentity
    package var header: Header
    package var bars: [PCIBAR] = []
    /// The pin of its INTx interrupt; nil: it has none.
    package var interruptPin: PCIInterruptPin?
    /// Nil for a conventional function, whose configuration space ends at 256 bytes.
    package var express: Express?
    /// Whether it has the power management capability (D0 and D3hot, which here keeps all state).
    package var hasPowerManagement = false
    /// How many MSI messages it can send: 0, or a power of two up to 32.
    package var messages = 0
    package var msix: MSIXLayout?
    /// Appended to the list in this order; `PCISlot.capabilityOffsets` says where each one came to lie.
    package var capabilities: [PCICapability] = []
    package var extendedCapabilities: [PCIExtendedCapability] = []
    package var registers: [PCIRegister] = []

    package init(_ identity: PCIIdentity, header: Header = .endpoint) {
        self.identity = identity
        self.header = header
    }

    /// Gives it `vectors` MSI-X vectors, whose table and pending bits are all there is in 32-bit BAR `bar`.
    package mutating func addMSIX(bar: Int, vectors: Int) {
        let layout = MSIXLayout(bar: bar, vectors: vectors)
        let end = UInt64(layout.pendingOffset) + UInt64(layout.pendingSize)
        bars.append(PCIBAR(bar, .memory32, size: max(0x1000, end.roundedUpToPowerOfTwo)))
        msix = layout
    }
}

/// Where a function's MSI-X table and pending bits lie. PCI 3.0 §6.8.2.
package struct MSIXLayout: Sendable, Hashable {
    package let bar: Int
    /// 1…2048.
    package let vectors: Int
    /// From the start of the BAR, multiples of 8.
    package let tableOffset: UInt32
    package let pendingOffset: UInt32

    /// - Parameter pendingOffset: by default half a page on, or right after a table that is longer.
    package init(bar: Int, vectors: Int, tableOffset: UInt32 = 0, pendingOffset: UInt32? = nil) {
        let count = UInt32(clamping: max(0, min(vectors, 4096)))
        self.bar = bar
        self.vectors = vectors
        self.tableOffset = tableOffset
        self.pendingOffset = pendingOffset ?? tableOffset &+ max(0x800, count * 16)
    }

    var tableSize: UInt32 { UInt32(clamping: vectors) * 16 }
    var pendingSize: UInt32 { (UInt32(clamping: vectors) + 63) / 64 * 8 }
}

extension UInt64 {
    /// The smallest power of two that is not below it; 1 for 0.
    var roundedUpToPowerOfTwo: UInt64 {
        self <= 1 ? 1 : self > 1 << 63 ? .max : 1 << UInt64(64 - (self - 1).leadingZeroBitCount)
    }
}
