/// One ACPI table: bytes, and what has to be done to them once the addresses of all tables are known.
///
/// The kinds of table are the types beside this one (`FADT`, `MADT`, …): values with typed fields, each of which makes
/// itself a `Table`. A pointer to another table stays symbolic, since its value depends on who places the tables: we do
/// for a direct boot, the guest's firmware does otherwise.
///
/// The checksums are right from the start for the bytes as they are, and made right again when pointers are filled in.
///
/// ACPI 6.4 §5.2.
package struct Table: Sendable, Equatable {
    /// A field that holds the address of another table.
    package struct Pointer: Sendable, Equatable {
        package let offset: Int
        /// 4 or 8 bytes.
        package let width: Int
        package let target: Signature
    }

    /// A byte that makes the sum of a range, of which it is part, zero.
    package struct Checksum: Sendable, Equatable {
        package let offset: Int
        package let range: Range<Int>
    }

    package let signature: Signature
    package private(set) var bytes: [UInt8]
    /// What the address of the table must be a multiple of.
    package let alignment: Int
    package let pointers: [Pointer]
    package let checksums: [Checksum]

    /// A table in the common form: a header of 36 bytes, whose length and checksum are found here, and `body`.
    ///
    /// ACPI 6.4 §5.2.6.
    package init(_ signature: Signature, revision: UInt8, body: [UInt8], pointers: [Pointer] = []) {
        let length = Self.headerLength + body.count
        var bytes = signature.bytes
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: length))
        bytes.append(revision)
        bytes.append(0)  // checksum
        bytes += Self.oemID
        bytes += Array("APUSTBL ".utf8)  // OEM table ID
        bytes.append(littleEndian: UInt32(1))  // OEM revision
        bytes += Self.creator
        bytes.append(littleEndian: UInt32(1))  // creator revision
        bytes += body
        self.init(
            signature, bytes: bytes, alignment: 8, pointers: pointers,
            checksums: [Checksum(offset: 9, range: 0..<length)])
    }

    /// A structure without the common header.
    init(_ signature: Signature, bytes: [UInt8], alignment: Int, pointers: [Pointer], checksums: [Checksum]) {
        self.signature = signature
        self.bytes = bytes
        self.alignment = alignment
        self.pointers = pointers
        self.checksums = checksums
        updateChecksums()
    }

    static let headerLength = 36
    static let oemID = Array("APUS  ".utf8)
    static let creator = Array("APUS".utf8)
}

extension Table {
    /// Fills in a pointer; the checksums have to be updated afterwards.
    mutating func fill(at offset: Int, width: Int, with address: UInt64) {
        bytes.replace(at: offset, width: width, with: address)
    }

    /// Makes every checksum right, in their order: one may cover another.
    mutating func updateChecksums() {
        for checksum in checksums {
            bytes[checksum.offset] = 0
            let sum = bytes[checksum.range].reduce(0, &+)
            bytes[checksum.offset] = 0 &- sum
        }
    }
}
