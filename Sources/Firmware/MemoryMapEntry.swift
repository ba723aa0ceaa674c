package import Memory

/// One stretch of guest-physical memory as the guest is told about it at boot.
///
/// The board makes the map; the numbers are those of the BIOS call INT 15h E820h, which both the Linux boot protocol
/// and PVH carry on (ACPI 6.5 §15).
package struct MemoryMapEntry: Hashable, Sendable {
    package enum Kind: UInt32, Sendable {
        case ram = 1
        case reserved = 2
        /// ACPI tables: RAM once the guest has read them.
        case acpi = 3
        /// ACPI non-volatile storage: kept over sleep.
        case nvs = 4
    }

    package let range: GuestRange
    package let kind: Kind

    package init(_ range: GuestRange, _ kind: Kind) {
        self.range = range
        self.kind = kind
    }
}
