/// The root pointer, which the kernel is given or finds by its mark, and which leads to the XSDT.
///
/// There is no RSDT: 32-bit pointers to tables are for systems of before ACPI 2.0. ACPI 6.4 §5.2.5.3.
struct RSDP {
    var table: Table {
        var bytes = Array("RSD PTR ".utf8)
        bytes.append(0)  // checksum of the part that ACPI 1.0 knew
        bytes += Table.oemID
        bytes.append(2)  // revision
        bytes.append(littleEndian: UInt32(0))  // RSDT
        bytes.append(littleEndian: UInt32(36))  // length
        bytes.append(littleEndian: UInt64(0))  // XSDT
        bytes.append(0)  // checksum of the whole
        bytes += [0, 0, 0]
        return Table(
            "RSDP", bytes: bytes, alignment: 16,
            pointers: [Table.Pointer(offset: 24, width: 8, target: "XSDT")],
            checksums: [
                Table.Checksum(offset: 8, range: 0..<20),
                Table.Checksum(offset: 32, range: 0..<36),
            ])
    }
}
