import ACPI
import Testing

/// Bytes, by the grammar's own examples and limits.
@Suite("AML encodings")
struct AMLEncodingTests {
    private func bytes(@AML.TermList _ code: () -> AML.Bytecode) -> [UInt8] {
        code().bytes
    }

    private func ascii(_ text: String) -> [UInt8] {
        Array(text.utf8)
    }

    @Test("Integers take the shortest form")
    func integers() {
        #expect(bytes { 0 } == [0x00])
        #expect(bytes { 1 } == [0x01])
        #expect(bytes { 2 } == [0x0A, 0x02])
        #expect(bytes { 0xFF } == [0x0A, 0xFF])
        #expect(bytes { 0x100 } == [0x0B, 0x00, 0x01])
        #expect(bytes { 0xFFFF } == [0x0B, 0xFF, 0xFF])
        #expect(bytes { 0x1_0000 } == [0x0C, 0x00, 0x00, 0x01, 0x00])
        #expect(bytes { UInt32.max } == [0x0C, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(bytes { 0x1_0000_0000 } == [0x0E, 0, 0, 0, 0, 1, 0, 0, 0])
        #expect(bytes { UInt64.max } == [0xFF])
        #expect(bytes { -1 } == [0xFF])
    }

    @Test("Strings end with zero, and hold nothing but ASCII")
    func strings() {
        #expect(bytes { "ACPI0013" } == [0x0D] + ascii("ACPI0013") + [0])
        #expect(bytes { "a\0é" } == [0x0D] + ascii("a??") + [0])
    }

    @Test("Names are padded, and their number chooses the prefix")
    func paths() {
        #expect(bytes { AML.Path("A") } == ascii("A___"))
        #expect(bytes { AML.Path("_SB.PCI0") } == [0x2E] + ascii("_SB_PCI0"))
        #expect(bytes { AML.Path("\\_SB.PCI0.ISA") } == [0x5C, 0x2F, 3] + ascii("_SB_PCI0ISA_"))
        #expect(bytes { AML.Path("^^PWRB") } == ascii("^^PWRB"))
        #expect(bytes { AML.Path("\\") } == [0x5C, 0])
        #expect(bytes { AML.Path("^") } == [0x5E, 0])
    }

    @Test(
        "What is not a path is not taken for one",
        arguments: ["", "1ABC", "ABCDE", "abcd", "A.", ".A", "A..B", "A B", "\\\\A", "^\\A", "Ä"])
    func malformedPaths(_ text: String) {
        #expect(AML.Path(parsing: text) == nil)
    }

    @Test("A path has at most 255 names")
    func longPath() {
        let names = Array(repeating: "ABCD", count: 255)
        #expect(AML.Path(parsing: names.joined(separator: ".")) != nil)
        #expect(AML.Path(parsing: (names + ["ABCD"]).joined(separator: ".")) == nil)
    }

    @Test("A numbered name fills four characters with hexadecimal digits")
    func numberedNames() {
        #expect(AML.NameSegment("C", index: 0).description == "C000")
        #expect(AML.NameSegment("C", index: 4095).description == "CFFF")
        #expect(AML.NameSegment("C", "O", "M", index: 2).description == "COM2")
    }

    @Test(
        "Package lengths change their width where the specification says",
        arguments: [
            (0, [0x01]),
            (0x3E, [0x3F]),
            (0x3F, [0x41, 0x04]),
            (0xFFD, [0x4F, 0xFF]),
            (0xFFE, [0x81, 0x00, 0x01]),
            (0xF_FFFC, [0x8F, 0xFF, 0xFF]),
            (0xF_FFFD, [0xC1, 0x00, 0x00, 0x01]),
        ] as [(Int, [UInt8])])
    func packageLengths(_ count: Int, _ length: [UInt8]) {
        // The name takes four bytes of a scope's body; an empty body needs a package that has nothing else.
        let body = AML.Bytecode([UInt8](repeating: 0xA3, count: max(count, 4) - 4))
        let code = count < 4 ? AML.If(AML.Bytecode()) {} : AML.Scope("ABCD") { body }
        #expect(Array(code.bytes[1...length.count]) == length)
        #expect(code.bytes.count == 1 + length.count + count)
    }

    @Test("Identifiers are those of the specification's examples")
    func identifiers() {
        #expect(AML.EISAID("PNP0A03") == 0x030A_D041)
        #expect(AML.EISAID("PNP0C0C") == 0x0C0C_D041)
        #expect(
            AML.ToUUID("33DB4D5B-1FF7-401C-9657-7441C03DD766").bytes.suffix(16) == [
                0x5B, 0x4D, 0xDB, 0x33, 0xF7, 0x1F, 0x1C, 0x40, 0x96, 0x57, 0x74, 0x41, 0xC0, 0x3D, 0xD7, 0x66,
            ])
    }

    @Test("A package of more than 255 elements is encoded with its length as a term")
    func longPackages() {
        let short = AML.Package(Array(repeating: AML.Bytecode([0]), count: 255)).bytes
        #expect(short.prefix(4) == [0x12, 0x42, 0x10, 0xFF])
        let long = AML.Package(Array(repeating: AML.Bytecode([0]), count: 256)).bytes
        #expect(long.prefix(6) == [0x13, 0x45, 0x10, 0x0B, 0x00, 0x01])
    }

    @Test("Swift decides what stands in a list")
    func builders() {
        func list(_ flag: Bool) -> [UInt8] {
            bytes {
                if flag { 1 }
                if flag { 2 } else { 3 }
                for value in 4..<6 { value }
            }
        }
        #expect(list(true) == [1, 0x0A, 2, 0x0A, 4, 0x0A, 5])
        #expect(list(false) == [0x0A, 3, 0x0A, 4, 0x0A, 5])
    }

    @Test("Field lists count bits, and an offset fills up to its byte")
    func fields() {
        let code = AML.Field("REGS", .byte, lock: true, update: .writeAsOnes, [
            .field("AAAA", 3), .reserved(bits: 5), .field("BBBB", 64), .offset(bytes: 0x100), .field("CCCC", 8),
        ])
        #expect(
            code.bytes == [0x5B, 0x81, 0x1B] + ascii("REGS") + [0x31] + ascii("AAAA") + [3, 0, 5]
                + ascii("BBBB") + [0x40, 0x04, 0, 0x48, 0x7B] + ascii("CCCC") + [8])
    }

    @Test("Resource descriptors")
    func resources() {
        func template(@AML.ResourceList _ list: () -> [AML.Resource]) -> [UInt8] {
            Array(AML.ResourceTemplate(list).bytes.dropFirst(4).dropLast(2))
        }
        #expect(template { AML.IO(0x3F8, length: 8) } == [0x47, 1, 0xF8, 3, 0xF8, 3, 1, 8])
        #expect(template { AML.IRQNoFlags(4) } == [0x22, 0x10, 0])
        #expect(template { AML.IRQ(9, .level, activeLow: true, shared: true) } == [0x23, 0, 2, 0x18])
        #expect(
            template { AML.Memory32Fixed(0xFED0_0000, length: 0x400, writable: false) }
                == [0x86, 9, 0, 0, 0, 0, 0xD0, 0xFE, 0, 4, 0, 0])
        #expect(template { AML.Interrupt(0x123, .edge, shared: true) } == [0x89, 6, 0, 0x0B, 1, 0x23, 1, 0, 0])
        #expect(
            template { AML.WordBusNumber(0...255) }
                == [0x88, 13, 0, 2, 0x0C, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0, 0, 1])
    }
}
