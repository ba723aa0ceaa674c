import ACPI
import Testing

/// The same program in ASL and in Swift, to the byte.
@Suite("The assembler agrees with iasl")
struct AMLReferenceTests {
    @Test("Every word encodes as iasl compiles it")
    func words() throws {
        let toolbox = try Toolbox()
        let source = try toolbox.write(Array(Self.source.utf8), to: "reference.asl")
        let result = toolbox.path("reference.aml")
        // Neither fold constants nor shorten paths: what the source says, and no more.
        let outcome = try toolbox.run("iasl", "-oa", "-of", "-p", result, source)
        try #require(outcome.output.contains(" 0 Errors"), "\(outcome.output)")
        let compiled = try Array(toolbox.read(result).dropFirst(36))
        #expect(AML.referenceProgram.bytes == compiled)
    }

    private static let source = """
        DefinitionBlock ("", "SSDT", 2, "APUS  ", "APUSTBL ", 1)
        {
            Scope (\\_SB)
            {
                Mutex (MTX0, 3)
                Name (LIST, Package () { 0x1234, "text", Buffer () { 1, 2, 3 }, \\_SB.LIST })
                OperationRegion (REGS, SystemIO, 0x0510, 0x10)
                Field (REGS, ByteAcc, Lock, Preserve) { IDX0, 8, DAT0, 8, Offset (0x08), , 3, FLAG, 1 }
                IndexField (IDX0, DAT0, ByteAcc, NoLock, WriteAsZeros) { Offset (0x30), WIDE, 32 }
                Device (DEV0)
                {
                    Name (_HID, EisaId ("PNP0A08"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x60, 0x60, 1, 4)
                        IRQNoFlags () { 1 }
                        IRQ (Level, ActiveLow, Shared) { 11 }
                        Memory32Fixed (ReadWrite, 0xFEB00000, 0x200)
                        Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 42 }
                        Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 300 }
                        WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xFF, 0, 0x100)
                        WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                            0, 0x0D00, 0xFFFF, 0, 0xF300)
                        DWordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                            0, 0x1000, 0x1FFF, 0, 0x1000)
                        DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                            0, 0xC0000000, 0xFEBFFFFF, 0, 0x3EC00000)
                        QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, Prefetchable, ReadOnly,
                            0, 0x800000000, 0x8FFFFFFFF, 0, 0x100000000)
                    })
                }
                Method (WORK, 3, Serialized, 5)
                {
                    Acquire (MTX0, 0x1000)
                    CreateByteField (Arg0, Zero, BYTE)
                    CreateWordField (Arg0, 2, WORD)
                    CreateDWordField (Arg0, 4, DWRD)
                    CreateQWordField (Arg0, 8, QWRD)
                    CreateBitField (Arg0, 9, BIT0)
                    Add (Arg1, Arg2, Local0)
                    Subtract (Local0, One, Local1)
                    Multiply (Local0, Local1, Local2)
                    Divide (Local2, 3, Local3, Local4)
                    Mod (Local2, 3, Local3)
                    ShiftLeft (Local0, 2, Local5)
                    ShiftRight (Local0, 2, Local6)
                    And (Local0, 0xFF, Local7)
                    Or (Local0, 0xF0, BYTE)
                    XOr (Local0, 0x0F, WORD)
                    Not (Local0, DWRD)
                    Concatenate ("a", "b", Debug)
                    While (LLess (Local0, 10))
                    {
                        Increment (Local0)
                        If (LAnd (LEqual (Local0, 5), LNot (Local1))) { Continue }
                        If (LOr (LGreater (Local0, 8), LNotEqual (Arg1, 2))) { Break } Else { Decrement (Local1) }
                    }
                    If (LLessEqual (Arg1, LGreaterEqual (Arg2, 7)))
                    {
                        Store (DerefOf (Index (LIST, One)), Debug)
                        Store (SizeOf (LIST), Local0)
                        Store (0x55, Index (Arg0, One))
                    }
                    Sleep (100)
                    Notify (\\_SB.DEV0, 0x80)
                    Release (MTX0)
                    Return (Ones)
                }
                Method (MAIN)
                {
                    Store (ToUUID ("33DB4D5B-1FF7-401C-9657-7441C03DD766"), Local0)
                    Return (WORK (Local0, One, WIDE))
                }
            }
        }
        """
}

extension AML {
    fileprivate static var referenceProgram: Bytecode {
        Scope("\\_SB") {
            Mutex("MTX0", syncLevel: 3)
            Name("LIST", Package(0x1234, "text", Buffer([1, 2, 3]), Path("\\_SB.LIST")))
            OperationRegion("REGS", .systemIO, 0x510, length: 0x10)
            Field("REGS", .byte, lock: true, [
                .field("IDX0", 8), .field("DAT0", 8), .offset(bytes: 8), .reserved(bits: 3), .field("FLAG", 1),
            ])
            IndexField("IDX0", "DAT0", .byte, update: .writeAsZeros, [.offset(bytes: 0x30), .field("WIDE", 32)])
            Device("DEV0") {
                Name("_HID", EISAID("PNP0A08"))
                Name("_CRS", referenceResources)
            }
            Method("WORK", arguments: 3, serialized: true, syncLevel: 5) { referenceMethod }
            Method("MAIN") {
                Store(ToUUID("33DB4D5B-1FF7-401C-9657-7441C03DD766"), to: Local0)
                Return(Call("WORK", Local0, 1, Path("WIDE")))
            }
        }
    }

    private static var referenceResources: Bytecode {
        ResourceTemplate {
            IO(0x60, length: 4)
            IRQNoFlags(1)
            IRQ(11, .level, activeLow: true, shared: true)
            Memory32Fixed(0xFEB0_0000, length: 0x200)
            Interrupt(42, .edge)
            Interrupt(300, .level, activeLow: true, shared: true)
            WordBusNumber(0...0xFF)
            WordIO(0x0D00...0xFFFF)
            DWordIO(0x1000...0x1FFF)
            DWordMemory(0xC000_0000...0xFEBF_FFFF, .nonCacheable)
            QWordMemory(0x8_0000_0000...0x8_FFFF_FFFF, .prefetchable, writable: false, consumed: true)
        }
    }

    @TermList
    private static var referenceMethod: Bytecode {
        Acquire(Path("MTX0"), timeout: 0x1000)
        CreateByteField(Arg0, at: 0, "BYTE")
        CreateWordField(Arg0, at: 2, "WORD")
        CreateDWordField(Arg0, at: 4, "DWRD")
        CreateQWordField(Arg0, at: 8, "QWRD")
        CreateBitField(Arg0, bit: 9, "BIT0")
        Add(Arg1, Arg2, to: Local0)
        Subtract(Local0, 1, to: Local1)
        Multiply(Local0, Local1, to: Local2)
        Divide(Local2, 3, remainder: Local3, quotient: Local4)
        Mod(Local2, 3, to: Local3)
        ShiftLeft(Local0, 2, to: Local5)
        ShiftRight(Local0, 2, to: Local6)
        And(Local0, 0xFF, to: Local7)
        Or(Local0, 0xF0, to: Path("BYTE"))
        XOr(Local0, 0x0F, to: Path("WORD"))
        Not(Local0, to: Path("DWRD"))
        Concatenate("a", "b", to: Debug)
        While(LLess(Local0, 10)) {
            Increment(Local0)
            If(LAnd(LEqual(Local0, 5), LNot(Local1))) { Continue }
            If(LOr(LGreater(Local0, 8), LNotEqual(Arg1, 2))) { Break } else: { Decrement(Local1) }
        }
        If(LLessEqual(Arg1, LGreaterEqual(Arg2, 7))) {
            Store(DerefOf(Index(Path("LIST"), 1)), to: Debug)
            Store(SizeOf(Path("LIST")), to: Local0)
            Store(0x55, to: Index(Arg0, 1))
        }
        Sleep(milliseconds: 100)
        Notify(Path("\\_SB.DEV0"), 0x80)
        Release(Path("MTX0"))
        Return(UInt64.max)
    }
}
