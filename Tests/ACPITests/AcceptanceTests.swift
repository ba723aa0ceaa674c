import ACPI
import Testing

/// What the reference implementation makes of our tables.
@Suite("iasl and acpiexec accept every table")
struct AcceptanceTests {
    @Test("Disassembled and compiled again, every table of a full q35 has the same bytes")
    func q35RoundTrip() throws {
        try checkRoundTrips(SampleBoards.q35.tables())
    }

    @Test("So has every table of a bare q35")
    func bareRoundTrip() throws {
        var bare = Q35Description(
            processors: SampleBoards.processors(1),
            configurationSpace: MCFG.Segment(address: 0xE000_0000, buses: 0...63),
            windows: [0xC000_0000...0xDFFF_FFFF, 0xE400_0000...0xFEBF_FFFF])
        bare.timer = nil
        bare.hasKeyboardController = false
        try checkRoundTrips(bare.tables())
    }

    @Test("So has every table of a microVM, with devices or without")
    func microVMRoundTrip() throws {
        try checkRoundTrips(SampleBoards.microVM.tables())
        var bare = SampleBoards.microVM
        bare.virtioDevices = []
        bare.serialPorts = []
        bare.hasRealTimeClock = false
        try checkRoundTrips(bare.tables())
    }

    @Test("The namespace loads, and has every device")
    func namespaces() throws {
        let q35 = try evaluate("namespace", .q35)
        for name in ["PCI0", "ISA_", "RTC_", "KBD_", "MOU_", "COM1", "COM2", "PMIO", "ECAM", "HPET", "C12B"] {
            #expect(q35.contains(" \(name) "), "\(name)")
        }
        let microVM = try evaluate("namespace", .microVM)
        for name in ["GED_", "PWRB", "COM1", "RTC_", "V000", "V01F", "C001"] {
            #expect(microVM.contains(" \(name) "), "\(name)")
        }
    }

    @Test("The q35 bridge passes on the board's windows, and nothing between the I/O windows")
    func windows() throws {
        let ranges = try resources("\\_SB.PCI0", .q35)
        #expect(
            ranges == [
                "0000-00FF", "0CF8-0CF8", "0000-0CF7", "0D00-FFFF", "C0000000-FEBFFFFF",
                "0000000800000000-0000000FFFFFFFFF",
            ])
    }

    @Test("The configuration space and the power management ports are reserved")
    func reservations() throws {
        #expect(try resources("\\_SB.ECAM", .q35) == ["00000000B0000000-00000000BFFFFFFF"])
        #expect(try resources("\\_SB.PCI0.ISA.PMIO", .q35) == ["0600-0600"])
    }

    @Test(
        "Every device's resources evaluate",
        arguments: [
            (Board.q35, "\\_SB.HPET"), (.q35, "\\_SB.PCI0.ISA.RTC"), (.q35, "\\_SB.PCI0.ISA.KBD"),
            (.q35, "\\_SB.PCI0.ISA.MOU"), (.q35, "\\_SB.PCI0.ISA.COM1"), (.q35, "\\_SB.PCI0.ISA.COM2"),
            (.microVM, "\\_SB.GED"), (.microVM, "\\_SB.COM1"), (.microVM, "\\_SB.RTC"), (.microVM, "\\_SB.V01F"),
        ])
    func resourcesEvaluate(_ board: Board, _ device: String) throws {
        #expect(try evaluate("evaluate \(device)._CRS", board).contains("[Buffer] Length"))
    }

    @Test("Every pin of all 32 slots has an interrupt from 16 to 19, turned by one from slot to slot")
    func routes() throws {
        let integers = try integers("evaluate \\_SB.PCI0._PRT", .q35)
        var expected: [UInt64] = []
        for slot in UInt64(0)..<32 {
            for pin in UInt64(0)..<4 {
                expected += [slot << 16 | 0xFFFF, pin, 0, 16 + (slot + pin) % 4]
            }
        }
        #expect(integers == expected)
    }

    @Test("The sleep type for soft off is the board's")
    func softOff() throws {
        #expect(try integers("evaluate \\_S5", .q35) == [0, 0, 0, 0])
        #expect(try integers("evaluate \\_S5", .microVM) == [5, 5, 0, 0])
    }

    @Test("The guest may say which interrupt controllers it uses")
    func interruptModel() throws {
        _ = try evaluate("evaluate \\_PIC 1", .q35)
    }

    @Test(
        "_OSC grants what is there, and says what is wrong",
        arguments: [
            // Asked for hotplug and the capability only: granted, in a query too.
            (arguments: "\(uuid) 1 3 (00 00 00 00 1F 01 00 00 11 00 00 00)", answer: "00 00 00 00 1F 01 00 00 11 00 00 00"),
            (arguments: "\(uuid) 1 3 (01 00 00 00 1F 01 00 00 11 00 00 00)", answer: "01 00 00 00 1F 01 00 00 11 00 00 00"),
            // Asked for all: some is masked.
            (arguments: "\(uuid) 1 3 (00 00 00 00 1F 01 00 00 BF 00 00 00)", answer: "10 00 00 00 1F 01 00 00 11 00 00 00"),
            // An unknown revision; too few words; an unknown UUID.
            (arguments: "\(uuid) 2 3 (00 00 00 00 1F 01 00 00 11 00 00 00)", answer: "08 00 00 00 1F 01 00 00 11 00 00 00"),
            (arguments: "\(uuid) 1 2 (00 00 00 00 1F 01 00 00)", answer: "02 00 00 00 1F 01 00 00"),
            (arguments: "(00 11 22) 1 3 (00 00 00 00 00 00 00 00 01 00 00 00)", answer: "04 00 00 00 00 00 00 00 01 00 00 00"),
        ])
    func nativeControl(_ arguments: String, _ answer: String) throws {
        let output = try evaluate("evaluate \\_SB.PCI0._OSC \(arguments)", .q35)
        #expect(output.contains(": \(answer) "), "\(output)")
    }

    private static let uuid = "(5B 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 66)"

    @Test("The event device notifies the power button of its bit, and of no other")
    func powerButton() throws {
        let event = "evaluate \\_SB.GED._EVT 9"
        #expect(try evaluate(event, .microVM, registers: 0x02).contains("Device Notify on [PWRB]"))
        #expect(try !evaluate(event, .microVM, registers: 0xFD).contains("Notify"))
    }
}

// MARK: Asking the tools

extension AcceptanceTests {
    enum Board {
        case q35
        case microVM
    }

    /// Has acpiexec carry out `command` on the definition block of a board.
    private func evaluate(_ command: String, _ board: Board, registers: UInt8 = 0) throws -> String {
        let tables = switch board {
        case .q35: try SampleBoards.q35.tables()
        case .microVM: try SampleBoards.microVM.tables()
        }
        let block = try #require(tables.first { $0.signature == "DSDT" })
        return try Toolbox().evaluate(command, in: block, registers: registers)
    }

    /// The integers that a command printed.
    private func integers(_ command: String, _ board: Board) throws -> [UInt64] {
        try evaluate(command, board).split(separator: "\n").compactMap { line in
            line.contains("[Integer] = ") ? UInt64(line.suffix(16), radix: 16) : nil
        }
    }

    /// The ranges of a device's `_CRS`, each as its least and greatest first address.
    private func resources(_ device: String, _ board: Board) throws -> [String] {
        let lines = try evaluate("resources \(device)", board).split(separator: "\n")
        func values(_ name: String) -> [Substring] {
            lines.filter { $0.contains("\(name) : ") }.compactMap { $0.split(separator: " ").last }
        }
        return zip(values("Address Minimum"), values("Address Maximum")).map { "\($0)-\($1)" }
    }

    /// Places the tables, and compares each with what iasl makes of its disassembly.
    private func checkRoundTrips(_ tables: [Table]) throws {
        let set = try TableSet(tables)
        let placed = try set.placed(in: 0xE_0000..<0x10_0000)
        // The root pointer is not a table that iasl takes apart; the tests of placement read it.
        for (table, start) in zip(set.tables, set.offsets.starts) where table.signature != "RSDP" {
            var expected = Array(placed.bytes[start..<start + table.bytes.count])
            let bytes = try Toolbox().roundTrip(expected, table.signature)
            try #require(bytes.count == expected.count, "\(table.signature)")
            // iasl signs the header as the compiler, which changes the checksum too.
            if table.signature != "FACS" {
                expected[9] = bytes[9]
                expected.replaceSubrange(28..<36, with: bytes[28..<36])
            }
            #expect(bytes == expected, "\(table.signature)")
        }
    }
}
