import ACPI
import Testing

/// Walks placed tables as a kernel does.
@Suite("Placed tables")
struct TableSetTests {
    private struct Memory {
        let placed: PlacedTables

        func integer(_ address: UInt64, _ width: Int) throws -> UInt64 {
            try bytes(address, width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        func bytes(_ address: UInt64, _ count: Int) throws -> [UInt8] {
            let start = try #require(Int(exactly: address - placed.address))
            try #require(start + count <= placed.bytes.count)
            return Array(placed.bytes[start..<start + count])
        }

        /// The whole of a table, by the length in its header.
        func table(_ address: UInt64) throws -> (signature: String, bytes: [UInt8]) {
            let bytes = try bytes(address, Int(integer(address + 4, 4)))
            return (String(decoding: bytes.prefix(4), as: UTF8.self), bytes)
        }
    }

    @Test("From the root pointer every table is found, and every sum is zero")
    func walk() throws {
        let memory = Memory(placed: try TableSet(SampleBoards.q35.tables()).placed(in: 0xE_0000..<0x10_0000))
        let root = memory.placed.rsdpAddress
        #expect(root == 0xE_0000)
        #expect(try memory.bytes(root, 8).elementsEqual("RSD PTR ".utf8))
        #expect(try memory.bytes(root, 20).reduce(0, &+) == 0)
        #expect(try memory.bytes(root, 36).reduce(0, &+) == 0)

        let list = try memory.integer(root + 24, 8)
        let entries = try (memory.table(list).bytes.count - 36) / 8
        var found: [String: UInt64] = [:]
        for entry in 0..<UInt64(entries) {
            let address = try memory.integer(list + 36 + 8 * entry, 8)
            let table = try memory.table(address)
            #expect(table.bytes.reduce(0, &+) == 0, "\(table.signature)")
            found[table.signature] = address
        }
        #expect(Set(found.keys) == ["FACP", "APIC", "MCFG", "WAET", "HPET", "SPCR", "SRAT", "SLIT"])

        let fadt = try #require(found["FACP"])
        let block = try memory.integer(fadt + 40, 4)
        #expect(try memory.integer(fadt + 140, 8) == block)
        #expect(try memory.table(block).signature == "DSDT")
        let facs = try memory.integer(fadt + 36, 4)
        #expect(try memory.bytes(facs, 4).elementsEqual("FACS".utf8))
        #expect(facs % 64 == 0)
    }

    @Test("Pointers are symbolic until then")
    func fixups() throws {
        let set = try TableSet(SampleBoards.microVM.tables())
        let names = set.fixups.map { fixup in
            "\(set.tables[fixup.table].signature)+\(fixup.offset)/\(fixup.width) → \(set.tables[fixup.target].signature)"
        }
        #expect(
            Set(names) == [
                "RSDP+24/8 → XSDT", "XSDT+36/8 → FACP", "XSDT+44/8 → APIC", "FACP+40/4 → DSDT", "FACP+140/8 → DSDT",
            ])
    }

    @Test("Several secondary definition blocks are all listed")
    func secondaryBlocks() throws {
        let extra = (0..<2).map { _ in DefinitionBlock(.secondary) { AML.Bytecode() }.table }
        let set = try TableSet(SampleBoards.microVM.tables() + extra)
        let targets = set.fixups.filter { $0.table == 1 }.map { set.tables[$0.target].signature.description }
        #expect(targets == ["FACP", "APIC", "SSDT", "SSDT"])
    }

    @Test("A table that points to none, or to one of two, is refused")
    func danglingPointers() throws {
        let tables = try SampleBoards.microVM.tables()
        let lacking = #expect(throws: ACPIError.missingTable("DSDT", neededBy: "FACP")) {
            try TableSet(tables.filter { $0.signature != "DSDT" })
        }
        #expect(
            lacking?.description == "The ACPI table FACP refers to DSDT, which is not among the tables.")
        #expect(throws: ACPIError.duplicateTable("DSDT")) {
            try TableSet(tables + tables.filter { $0.signature == "DSDT" })
        }
    }

    @Test("A space that is too small, crooked or out of reach is refused")
    func unsuitableSpaces() throws {
        let set = try TableSet(SampleBoards.q35.tables())
        let size = UInt64(set.offsets.end)
        #expect(try set.placed(in: 0xE_0000..<0xE_0000 + size).bytes.count == set.offsets.end)
        #expect(throws: ACPIError.tablesTooLarge(size: Int(size), space: 0xE_0000..<0xE_0000 + size - 1)) {
            try set.placed(in: 0xE_0000..<0xE_0000 + size - 1)
        }
        #expect(throws: ACPIError.misalignedSpace(0xE_0010..<0x10_0000, alignment: 64)) {
            try set.placed(in: 0xE_0010..<0x10_0000)
        }
        #expect(throws: ACPIError.self) { try set.placed(in: 0x1_0000_0000..<0x2_0000_0000) }
    }
}
