/// The ACPI tables in a guest's memory, found as an operating system without UEFI finds them (ACPI 6.4 §5.2.5.1).
package struct MachineTables {
    package struct Table {
        package let signature: String
        package let address: UInt64
        package let bytes: [UInt8]

        /// All bytes of a table add up to zero.
        package var isWhole: Bool { bytes.reduce(0, &+) == 0 }
    }

    /// Everything reachable from the root pointer, the root table first.
    package let tables: [Table]
    package let rootPointer: UInt64
    /// Whether both checksums of the root pointer are right.
    package let isRootPointerWhole: Bool

    package func table(_ signature: String) -> Table? { tables.first { $0.signature == signature } }

    /// Nil if the BIOS area holds no root pointer.
    package init?(_ guest: any GuestAccess) {
        let area = guest.bytes(at: 0xe0000, count: 0x20000)
        let mark = Array("RSD PTR ".utf8)
        guard
            let offset = stride(from: 0, to: area.count, by: 16).first(where: { area[$0..<$0 + 8].elementsEqual(mark) })
        else { return nil }
        rootPointer = 0xe0000 + UInt64(offset)
        let root = Array(area[offset..<offset + 36])
        isRootPointerWhole = root[..<20].reduce(0, &+) == 0 && root.reduce(0, &+) == 0
        func table(at address: UInt64) -> Table {
            let header = guest.bytes(at: address, count: 8)
            let length = Int(guest.readl(address + 4) & 0xf_ffff)
            return Table(
                signature: String(decoding: header[..<4], as: UTF8.self), address: address,
                bytes: guest.bytes(at: address, count: length))
        }
        let directory = table(at: guest.readq(rootPointer + 24))
        var tables = [directory]
        for entry in stride(from: 36, to: directory.bytes.count, by: 8) {
            let listed = table(at: guest.readq(directory.address + UInt64(entry)))
            tables.append(listed)
            // The FADT alone knows of the DSDT: X_DSDT.
            if listed.signature == "FACP" { tables.append(table(at: guest.readq(listed.address + 140))) }
        }
        self.tables = tables
    }
}
