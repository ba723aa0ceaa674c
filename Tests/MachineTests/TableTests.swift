import Support
import Testing

@Suite("The ACPI tables in memory describe the machine")
struct TableTests {
    @Test(
        "All are at 0xE0000 with valid checksums, and iasl understands each", arguments: TestedBoard.allCases,
        ["", "-smp 4 -serial null"])
    func tables(_ board: TestedBoard, _ words: String) throws {
        let machine = try MachineUnderTest(
            "\(board.option) \(words) -device virtio-rng-\(board.suffix) -device virtio-rng-\(board.suffix)")
        let found = try #require(MachineTables(machine.guest))
        #expect(found.rootPointer == 0xe0000)
        #expect(found.isRootPointerWhole)
        let expected: Set<String> = ["XSDT", "FACP", "DSDT", "APIC"]
        #expect(expected.isSubset(of: found.tables.map(\.signature)))
        if board == .q35 { #expect(found.table("MCFG") != nil && found.table("HPET") != nil) }
        let scratch = try TestPipes.Directory()
        for table in found.tables {
            #expect(table.isWhole, "\(table.signature)")
            #expect((0xe0000..<0x100000).contains(table.address), "\(table.signature)")
            let name = table.signature.lowercased()
            try scratch.write(table.bytes, to: "\(name).dat")
            let run = try MachineProcess.run("iasl", ["-p", scratch.file(name), "-d", scratch.file("\(name).dat")])
            #expect(run.status == 0, "\(table.signature): \(run.output)\(run.errors)")
            #expect(!run.output.contains("Error") && !run.errors.contains("Error"), "\(run.output)\(run.errors)")
            #expect(!scratch.content(of: "\(name).dsl").isEmpty)
        }
    }

    @Test("The MADT has every processor, the DSDT is where the FADT says")
    func processors() throws {
        let machine = try MachineUnderTest("-m 64 -smp 6,sockets=1,cores=3,threads=2")
        let madt = try #require(MachineTables(machine.guest)?.table("APIC")).bytes
        var identifiers: [UInt8] = []
        var offset = 44
        while offset + 1 < madt.count, madt[offset + 1] > 0 {
            if madt[offset] == 0 { identifiers.append(madt[offset + 3]) }
            offset += Int(madt[offset + 1])
        }
        // Three cores take two bits, two threads one.
        #expect(identifiers == [0, 1, 2, 3, 4, 5])
    }

    @Test("acpi=off leaves the area empty", arguments: TestedBoard.allCases)
    func without(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest("-machine \(board.rawValue),acpi=off -m 64")
        #expect(MachineTables(machine.guest) == nil)
    }
}
