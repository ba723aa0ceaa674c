import ACPI
import Testing

/// The fields of tables that a guest's boot hangs on. That the whole of each is well formed, iasl says.
@Suite("Tables")
struct TableTests {
    private func integer(_ table: Table, _ offset: Int, _ width: Int) -> UInt64 {
        table.bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func table(_ signature: Signature, of tables: [Table]) throws -> Table {
        try #require(tables.first { $0.signature == signature })
    }

    /// The bytes of each entry of a MADT, by their own lengths.
    private func entries(_ madt: MADT) -> [[UInt8]] {
        var rest = madt.table.bytes.dropFirst(44)
        var entries: [[UInt8]] = []
        while let length = rest.dropFirst().first, length > 1 {
            entries.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        return entries
    }

    @Test("Every table sums to zero, knows its length and is signed")
    func headers() throws {
        for table in try SampleBoards.q35.tables() + SampleBoards.microVM.tables() where table.signature != "FACS" {
            #expect(table.bytes.reduce(0, &+) == 0, "\(table.signature)")
            #expect(integer(table, 4, 4) == UInt64(table.bytes.count), "\(table.signature)")
            #expect(table.bytes[10..<28].elementsEqual("APUS  APUSTBL \u{1}\0\0\0".utf8), "\(table.signature)")
        }
    }

    @Test("The q35 board is always in ACPI mode, with its registers at the ICH9's places")
    func fixedHardware() throws {
        let fadt = try table("FACP", of: SampleBoards.q35.tables())
        #expect(fadt.bytes.count == 276)
        #expect(integer(fadt, 46, 2) == 9)
        #expect(integer(fadt, 48, 4) == 0)
        #expect(integer(fadt, 56, 4) == 0x600)
        #expect(integer(fadt, 64, 4) == 0x604)
        #expect(integer(fadt, 76, 4) == 0x608)
        #expect(integer(fadt, 80, 4) == 0x620)
        #expect(fadt.bytes[88..<93] == [4, 2, 0, 4, 16])
        #expect(integer(fadt, 109, 2) == 0b0111)
        // Reset by register; a fixed power button; not hardware-reduced.
        #expect(integer(fadt, 112, 4) & (1 << 10 | 1 << 4 | 1 << 20) == 1 << 10)
        #expect(fadt.bytes[116..<129] == [1, 8, 0, 1, 0xF9, 0x0C, 0, 0, 0, 0, 0, 0, 0x0F])
    }

    @Test("Without a keyboard controller the guest does not look for one")
    func noKeyboardController() throws {
        var board = SampleBoards.q35
        board.hasKeyboardController = false
        #expect(try integer(table("FACP", of: board.tables()), 109, 2) & 0b10 == 0)
    }

    @Test("The microVM board sleeps by its registers, and needs no FACS")
    func reducedHardware() throws {
        let tables = try SampleBoards.microVM.tables()
        let fadt = try table("FACP", of: tables)
        #expect(integer(fadt, 112, 4) & (1 << 20 | 1 << 4) == 1 << 20 | 1 << 4)
        #expect(fadt.bytes[244..<256] == [0, 8, 0, 1, 4, 0, 0xA0, 0xFE, 0, 0, 0, 0])
        #expect(fadt.bytes[256..<268] == [0, 8, 0, 1, 5, 0, 0xA0, 0xFE, 0, 0, 0, 0])
        #expect(!tables.contains { $0.signature == "FACS" })
    }

    @Test("Ids from 255 on take the x2APIC's entries")
    func largeIDs() {
        let processors = [
            Processor(uid: 0, apicID: 0), Processor(uid: 254, apicID: 254), Processor(uid: 1, apicID: 255),
            Processor(uid: 255, apicID: 2, isEnabled: false),
        ]
        let entries = entries(MADT(processors: processors, ioAPICs: [], hasLegacyPIC: false))
        #expect(
            entries == [
                [0, 8, 0, 0, 1, 0, 0, 0],
                [0, 8, 254, 254, 1, 0, 0, 0],
                [9, 16, 0, 0, 255, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
                [9, 16, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 255, 0, 0, 0],
                [4, 6, 255, 0, 0, 1],
                [10, 12, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0],
            ])
    }

    @Test("The PIT's line is on pin 2, and the SCI is level-triggered, active high")
    func overrides() {
        let madt = MADT(
            processors: [], ioAPICs: [MADT.IOAPIC()],
            overrides: [
                MADT.SourceOverride(source: 0, gsi: 2, signal: .bus),
                MADT.SourceOverride(source: 9, gsi: 9, signal: .levelActiveHigh),
            ],
            hasLegacyPIC: true)
        #expect(
            entries(madt) == [
                [1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0],
                [2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
                [2, 10, 0, 9, 9, 0, 0, 0, 13, 0],
                [4, 6, 255, 0, 0, 1],
            ])
    }

    @Test("More processors than there are names for are refused")
    func tooManyProcessors() {
        var board = SampleBoards.microVM
        board.processors = SampleBoards.processors(4097)
        let refusal = #expect(throws: ACPIError.self) { try board.tables() }
        #expect(refusal?.description == "The ACPI tables describe at most 4096 processors, not 4097.")
    }
}
