/// The memory that firmware and operating system share while the machine sleeps.
///
/// It has no checksum, since both write to it, and lies at a multiple of 64. ACPI 6.4 §5.2.10.
package struct FACS: Sendable {
    /// Differs if hardware changed since the guest hibernated, and it should not resume.
    package var hardwareSignature: UInt32

    package init(hardwareSignature: UInt32 = 0) {
        self.hardwareSignature = hardwareSignature
    }

    package var table: Table {
        var bytes = Array("FACS".utf8)
        bytes.append(littleEndian: UInt32(64))
        bytes.append(littleEndian: hardwareSignature)
        bytes += [UInt8](repeating: 0, count: 20)  // waking vectors, global lock, flags
        bytes.append(2)  // version
        bytes += [UInt8](repeating: 0, count: 31)
        return Table("FACS", bytes: bytes, alignment: 64, pointers: [], checksums: [])
    }
}
