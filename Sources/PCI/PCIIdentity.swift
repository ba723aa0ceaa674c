/// What a function says it is. PCI 3.0 §6.2.1.
package struct PCIIdentity: Sendable, Hashable {
    package var vendor: UInt16
    package var device: UInt16
    package var revision: UInt8
    /// Base class, subclass and programming interface, as in 0x060400 for a bridge.
    package var classCode: UInt32
    package var subsystemVendor: UInt16
    package var subsystem: UInt16
    /// Whether other functions may share its device number; counts on function 0.
    package var isMultifunction: Bool

    package init(
        vendor: UInt16, device: UInt16, revision: UInt8 = 0, classCode: UInt32, subsystemVendor: UInt16 = 0,
        subsystem: UInt16 = 0, isMultifunction: Bool = false
    ) {
        self.vendor = vendor
        self.device = device
        self.revision = revision
        self.classCode = classCode & 0xff_ffff
        self.subsystemVendor = subsystemVendor
        self.subsystem = subsystem
        self.isMultifunction = isMultifunction
    }
}

/// The interrupt pin a function drives. PCI 3.0 §6.2.4.
package enum PCIInterruptPin: UInt8, Sendable {
    case a = 1
    case b
    case c
    case d

    /// 0 for INTA… 3 for INTD, as the routing rules count.
    var number: Int { Int(rawValue) - 1 }
}
