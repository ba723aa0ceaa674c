/// A processor, as the tables know it.
package struct Processor: Sendable, Equatable {
    /// Joins its entry in the MADT to its device in the DSDT.
    package var uid: UInt32
    package var apicID: UInt32
    /// Whether it can be started; otherwise it is described for a guest to count, and may be plugged later.
    package var isEnabled: Bool
    /// The NUMA node it belongs to.
    package var proximityDomain: UInt32

    package init(uid: UInt32, apicID: UInt32, isEnabled: Bool = true, proximityDomain: UInt32 = 0) {
        self.uid = uid
        self.apicID = apicID
        self.isEnabled = isEnabled
        self.proximityDomain = proximityDomain
    }

    /// Whether an id exceeds the byte that xAPIC entries have; 0xFF there means every processor.
    var needsX2APIC: Bool {
        apicID >= 0xFF || uid >= 0xFF
    }

    /// ACPI 6.4 §5.2.12.2, table 5.22: enabled, else online capable.
    var flags: UInt32 {
        isEnabled ? 1 : 2
    }
}
