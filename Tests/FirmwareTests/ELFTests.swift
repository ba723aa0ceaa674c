import Firmware
import Hypervisor
import Memory
import Testing

@Suite("Booting an ELF kernel")
struct ELFTests {
    @Test("Segments land at their physical addresses, and what the file does not fill is zero")
    func segments() throws {
        var image = SyntheticELF()
        image.segments.append(.init(address: 0x200_0000, fileSize: 100, memorySize: 0x3000))
        let board = try TestBoard(mebibytes: 64)
        let plan = try board.boot(ScratchFile().image(image.bytes)).plan()
        expectSound(plan, on: board.map)
        #expect(plan.kernel == 0x100_0000..<0x200_3000)
        #expect(plan.entry.mode == .long(pageTable: GuestAddress(LowMemory.pageTables.lowerBound)))
        #expect(plan.entry.instructionPointer == 0x100_0000)
        #expect(plan.entry.rsi == LowMemory.bootParameters.lowerBound)

        let memory = try board.memory()
        #expect(memory.fill(GuestAddress(0x200_0000), count: 0x4000, with: 0xcc))
        try plan.write(to: memory, isZeroed: false)
        let bytes = try #require(memory.bytes(at: GuestAddress(0x200_0000), count: 0x3001))
        #expect(bytes.prefix(100) == image.bytes[(image.contents + 256)...].prefix(100))
        #expect(bytes[100..<0x3000].allSatisfy { $0 == 0 })
        #expect(bytes[0x3000] == 0xcc)
        #expect(memory.load(GuestAddress(LowMemory.bootParameters.lowerBound + 0x202)) == UInt32(0x5372_6448))
    }

    @Test("A PVH note is preferred: protected mode, RBX at version 1 start information")
    func pvh() throws {
        var image = SyntheticELF()
        image.pvhEntry = 0x100_0080
        let board = try TestBoard(mebibytes: 64)
        let initrd = try ScratchFile().image([UInt8](repeating: 5, count: 4097))
        let plan = try board.boot(
            ScratchFile().image(image.bytes), initrd: initrd, commandLine: "quiet", rootPointer: 0xe0000
        ).plan()
        expectSound(plan, on: board.map)
        #expect(plan.entry.mode == .protected)
        #expect(plan.entry.instructionPointer == 0x100_0080)
        #expect(plan.entry.rbx == LowMemory.startInfo.lowerBound)

        let memory = try board.memory()
        try plan.write(to: memory, isZeroed: true)
        func field<Value: FixedWidthInteger & BitwiseCopyable>(_ at: UInt64, _ type: Value.Type) -> Value? {
            memory.load(GuestAddress(at), as: type)
        }
        let info = plan.entry.rbx
        #expect(field(info, UInt32.self) == 0x336e_c578)
        #expect(field(info + 4, UInt32.self) == 1)
        #expect(field(info + 12, UInt32.self) == 1)
        #expect(field(info + 0x18, UInt64.self) == LowMemory.commandLine.lowerBound)
        #expect(field(info + 0x20, UInt64.self) == 0xe0000)
        #expect(field(info + 0x30, UInt32.self) == 4)
        let module = try #require(field(info + 0x10, UInt64.self))
        #expect(field(module, UInt64.self) == plan.initrd?.lowerBound)
        #expect(field(module + 8, UInt64.self) == 4097)
        let map = try #require(field(info + 0x28, UInt64.self))
        #expect(field(map + 24, UInt64.self) == 0x9fc00)
        #expect(field(map + 24 + 16, UInt32.self) == 2)
    }

    @Test("A segment on the boot structures, on another segment or outside RAM is refused by name")
    func misplacedSegments() throws {
        let board = try TestBoard(mebibytes: 64)
        func refusal(_ segments: [SyntheticELF.Segment]) throws -> String {
            var image = SyntheticELF()
            image.segments += segments
            let boot = try board.boot(ScratchFile().image(image.bytes))
            return message { _ = try boot.plan() }
        }
        #expect(
            try refusal([.init(address: 0x4000)])
                == "The kernel image wants memory at 0x4000...0x4fff, which holds the boot structures.")
        #expect(
            try refusal([.init(address: 0x100_0800)])
                == "The kernel image wants memory at 0x1000800...0x10017ff, which holds another of its segments.")
        #expect(
            try refusal([.init(address: 0xe0000)])
                == "The kernel image wants memory at 0xe0000...0xe0fff, where this machine has no RAM.")
        #expect(
            try refusal([.init(address: 0xffff_f000)])
                == "The kernel image wants memory at 0xfffff000...0xffffffff, where this machine has no RAM.")
        #expect(
            try refusal([.init(address: 0x3ff_f800)]) == "The kernel image needs more memory: use at least -m 67M.")
        #expect(throws: Never.self) { try refusal([.init(address: 0x20000)]) }
    }

    @Test("A segment that wraps, or has more bytes in the file than in memory, is refused")
    func absurdSegments() throws {
        var wraps = SyntheticELF()
        wraps.segments.append(.init(address: .max - 100))
        #expect(
            throws: FirmwareError.malformed(file: "image", problem: "segment 1 passes the end of the address space")
        ) {
            try KernelImage(ScratchFile().image(wraps.bytes))
        }
        var full = SyntheticELF()
        full.segments[0].memorySize = 255
        #expect(
            throws: FirmwareError.malformed(
                file: "image", problem: "segment 0 has more bytes in the file than in memory")
        ) {
            try KernelImage(ScratchFile().image(full.bytes))
        }
    }

    @Test("An entry point outside the loaded segments is refused")
    func entryOutside() throws {
        var image = SyntheticELF()
        image.entry = 0x100_1000
        #expect(throws: FirmwareError.self) { try KernelImage(ScratchFile().image(image.bytes)) }
        image.pvhEntry = 0x100_0000
        #expect(throws: Never.self) { try KernelImage(ScratchFile().image(image.bytes)) }
        image.pvhEntry = 0x20
        #expect(throws: FirmwareError.self) { try KernelImage(ScratchFile().image(image.bytes)) }
    }
}
