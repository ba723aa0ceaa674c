/// The list of tables. Its entries are blank; the table set knows what they point to.
///
/// ACPI 6.4 §5.2.8.
struct XSDT {
    let count: Int

    var table: Table {
        Table("XSDT", revision: 1, body: [UInt8](repeating: 0, count: 8 * count))
    }

    static func offset(ofEntry index: Int) -> Int {
        Table.headerLength + 8 * index
    }
}
