import Firmware
import Hypervisor
import Memory
import Testing

@Suite("Booting a bzImage")
struct BzImageTests {
    @Test("A kernel lands at its preferred address with its payload, and is entered 0x200 bytes in")
    func kernelAtPreferredAddress() throws {
        let board = try TestBoard(mebibytes: 256)
        let image = SyntheticBzImage()
        let plan = try board.boot(ScratchFile().image(image.bytes), commandLine: "console=ttyS0").plan()
        expectSound(plan, on: board.map)
        #expect(plan.kernel == 0x100_0000..<0x300_0000)
        #expect(plan.initrd == nil)
        #expect(plan.entry.mode == .long(pageTable: GuestAddress(LowMemory.pageTables.lowerBound)))
        #expect(plan.entry.instructionPointer == 0x100_0200)
        #expect(plan.entry.rsi == LowMemory.bootParameters.lowerBound)
        #expect(plan.entry.stackPointer == LowMemory.stack.upperBound)

        let memory = try board.memory()
        try plan.write(to: memory, isZeroed: true)
        let payload = Array(image.bytes[image.payloadOffset...])
        #expect(memory.bytes(at: GuestAddress(0x100_0000), count: payload.count) == payload)
        let line = memory.bytes(at: GuestAddress(LowMemory.commandLine.lowerBound), count: 14)
        #expect(line == Array("console=ttyS0\0".utf8))
    }

    @Test("The boot parameters carry the header, the map, the initrd and the ACPI root pointer")
    func bootParameters() throws {
        let board = try TestBoard(mebibytes: 256)
        let initrd = [UInt8]((0..<5000).map { UInt8(truncatingIfNeeded: $0) })
        let plan = try board.boot(
            ScratchFile().image(SyntheticBzImage().bytes), initrd: ScratchFile().image(initrd), rootPointer: 0xe0000
        ).plan()
        let memory = try board.memory()
        try plan.write(to: memory, isZeroed: true)
        func field<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: UInt64, _ type: Value.Type) -> Value? {
            memory.load(GuestAddress(LowMemory.bootParameters.lowerBound + offset), as: type)
        }
        #expect(field(0x070, UInt64.self) == 0xe0000)
        #expect(field(0x1fe, UInt16.self) == 0xaa55)
        #expect(field(0x202, UInt32.self) == 0x5372_6448)
        #expect(field(0x206, UInt16.self) == 0x020f)
        #expect(field(0x210, UInt8.self) == 0xff)
        #expect(field(0x211, UInt8.self) == 1)
        #expect(field(0x214, UInt32.self) == 0x100_0000)
        #expect(field(0x228, UInt32.self) == 0x10000)
        #expect(field(0x260, UInt32.self) == 0x200_0000)
        #expect(field(0x1e8, UInt8.self) == 4)
        #expect(field(0x2d0, UInt64.self) == 0)
        #expect(field(0x2d8, UInt64.self) == 0x9fc00)
        #expect(field(0x2e0, UInt32.self) == 1)
        #expect(field(0x2e4, UInt64.self) == 0x9fc00)
        #expect(field(0x2f4, UInt32.self) == 2)

        let place = try #require(plan.initrd)
        #expect(place == 0xfff_e000..<0xfff_e000 + 5000)
        #expect(field(0x218, UInt32.self) == 0xfff_e000)
        #expect(field(0x21c, UInt32.self) == 5000)
        #expect(field(0x0c0, UInt32.self) == 0)
        #expect(memory.bytes(at: GuestAddress(place.lowerBound), count: 5000) == initrd)
    }

    @Test("A kernel without a 64-bit entry point is entered in protected mode at its first byte")
    func kernel32() throws {
        var image = SyntheticBzImage()
        image.flags64 = 0
        let plan = try TestBoard(mebibytes: 256).boot(ScratchFile().image(image.bytes)).plan()
        #expect(plan.entry.mode == .protected)
        #expect(plan.entry.instructionPointer == 0x100_0000)
        #expect(plan.entry.rsi == LowMemory.bootParameters.lowerBound)
        #expect(!plan.placements.contains { $0.what == "the page tables" })
    }

    @Test("The file may end within the last 16 bytes, or go on with a signature")
    func fileLength() throws {
        var image = SyntheticBzImage()
        image.payload = 4090
        let short = try TestBoard(mebibytes: 256).boot(ScratchFile().image(image.bytes)).plan()
        #expect(short.placements.contains { $0.what == "the kernel" && $0.range.count == 4090 })
        let signed = image.bytes + [UInt8](repeating: 9, count: 999)
        let long = try TestBoard(mebibytes: 256).boot(ScratchFile().image(signed)).plan()
        #expect(long.placements.contains { $0.what == "the kernel" && $0.range.count == 4096 })
    }

    @Test("A preferred address that is taken moves a relocatable kernel up, and is refused for a fixed one")
    func relocation() throws {
        // RAM at the preferred address ends before the kernel does; there is more further up.
        let map = [
            try entry(0, 0x9fc00, .ram), try entry(0x100000, 0x1f0_0000, .ram),
            try entry(0x500_0000, 0x1000_0000, .ram),
        ]
        var image = SyntheticBzImage()
        image.alignment = 0x100_0000
        let relocatable = DirectBoot(kernel: try KernelImage(ScratchFile().image(image.bytes)), memoryMap: map)
        #expect(try relocatable.plan().kernel.lowerBound == 0x500_0000)
        image.relocatable = 0
        let fixed = DirectBoot(kernel: try KernelImage(ScratchFile().image(image.bytes)), memoryMap: map)
        #expect(message { _ = try fixed.plan() } == "The kernel image needs more memory: use at least -m 50M.")
    }

    @Test("A machine too small for the kernel is told how much it needs")
    func needsMemory() throws {
        let boot = try TestBoard(mebibytes: 32).boot(ScratchFile().image(SyntheticBzImage().bytes))
        #expect(throws: FirmwareError.kernelNeedsMemory(file: "image", mebibytes: 50)) { try boot.plan() }
        // Of the 50, the board may keep 2.
        #expect(throws: Never.self) {
            try TestBoard(mebibytes: 48).boot(ScratchFile().image(SyntheticBzImage().bytes)).plan()
        }
    }

    @Test("A command line of exactly cmdline_size bytes goes; one more, or a NUL in it, is refused")
    func commandLine() throws {
        let board = try TestBoard(mebibytes: 256)
        let file = try ScratchFile().image(SyntheticBzImage().bytes)
        let fits = String(repeating: "x", count: 2047)
        #expect(throws: Never.self) { try board.boot(file, commandLine: fits).plan() }
        #expect(throws: FirmwareError.commandLineTooLong(length: 2048, limit: 2047)) {
            try board.boot(file, commandLine: fits + "x").plan()
        }
        #expect(throws: FirmwareError.commandLineHasNUL(offset: 1)) { try board.boot(file, commandLine: "a\0b").plan() }
    }

    @Test("A cmdline_size beyond our room is capped, so that nothing is written past it")
    func commandLineRoom() throws {
        var image = SyntheticBzImage()
        image.commandLineSize = .max
        let board = try TestBoard(mebibytes: 256)
        let file = try ScratchFile().image(image.bytes)
        let room = LowMemory.commandLine.count
        let plan = try board.boot(file, commandLine: String(repeating: "x", count: room - 1)).plan()
        expectSound(plan, on: board.map)
        #expect(throws: FirmwareError.commandLineTooLong(length: room, limit: room - 1)) {
            try board.boot(file, commandLine: String(repeating: "x", count: room)).plan()
        }
    }
}
