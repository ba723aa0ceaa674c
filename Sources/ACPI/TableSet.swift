/// All tables of one machine, and the pointers between them.
///
///     RSDP ──▶ XSDT ──▶ FADT ──▶ DSDT
///                 │        └───▶ FACS
///                 ├───▶ MADT
///                 └───▶ MCFG, HPET, …
///
/// The set adds the two roots and knows each pointer as a `Fixup` between tables, not as a number. That is enough for
/// both ways tables reach a guest: `placed(in:)` resolves the fixups for a direct boot, where the tables lie in memory
/// before the first instruction; a loader script hands the same fixups and checksums to firmware, which resolves them.
///
/// ACPI 6.4 §5.2.
package struct TableSet: Sendable {
    /// A field of one table that holds the address of another; both by their index in the set.
    package struct Fixup: Sendable, Equatable {
        package let table: Int
        package let offset: Int
        /// 4 or 8 bytes.
        package let width: Int
        package let target: Int
    }

    /// The tables in the order in which they lie in memory: the RSDP, the XSDT, then those given.
    package let tables: [Table]
    package let fixups: [Fixup]

    /// Gathers tables under an XSDT and an RSDP.
    ///
    /// Throws if a table points to one that is missing or ambiguous.
    package init(_ tables: [Table]) throws(ACPIError) {
        // The DSDT and the FACS are the FADT's to point to, and stand nowhere else.
        let listed = tables.indices.filter { !["DSDT", "FACS"].contains(tables[$0].signature) }
        let roots = [RSDP().table, XSDT(count: listed.count).table]
        var fixups: [Fixup] = []
        for (entry, index) in listed.enumerated() {
            fixups.append(
                Fixup(table: 1, offset: XSDT.offset(ofEntry: entry), width: 8, target: roots.count + index))
        }
        let all = roots + tables
        for (index, table) in all.enumerated() {
            for pointer in table.pointers {
                let targets = all.indices.filter { all[$0].signature == pointer.target }
                guard let target = targets.first else {
                    throw .missingTable(pointer.target, neededBy: table.signature)
                }
                guard targets.count == 1 else { throw .duplicateTable(pointer.target) }
                fixups.append(Fixup(table: index, offset: pointer.offset, width: pointer.width, target: target))
            }
        }
        self.tables = all
        self.fixups = fixups
    }

    /// Where each table begins when they lie one after the other, and where the last ends.
    package var offsets: (starts: [Int], end: Int) {
        var starts: [Int] = []
        var end = 0
        for table in tables {
            let start = (end + table.alignment - 1) / table.alignment * table.alignment
            starts.append(start)
            end = start + table.bytes.count
        }
        return (starts, end)
    }
}
