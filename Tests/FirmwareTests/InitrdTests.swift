import Firmware
import Memory
import Testing

@Suite("Placing an initrd")
struct InitrdTests {
    private func plan(
        mebibytes: UInt64, initrd size: UInt64, _ image: SyntheticBzImage = SyntheticBzImage()
    ) throws -> BootPlan {
        let board = try TestBoard(mebibytes: mebibytes)
        let initrd = try ScratchFile().image([1], path: "initrd", size: size)
        let plan = try board.boot(ScratchFile().image(image.bytes), initrd: initrd).plan()
        expectSound(plan, on: board.map)
        return plan
    }

    @Test("It stays below initrd_addr_max although there is RAM above")
    func belowTheLimit() throws {
        let place = try #require(try plan(mebibytes: 3000, initrd: 0x1234).initrd)
        #expect(place.lowerBound == 0x7fff_e000)
        #expect(place.count == 0x1234)
    }

    @Test("A kernel that takes it anywhere gets one too large for initrd_addr_max below the hole")
    func aboveTheLimit() throws {
        let place = try #require(try plan(mebibytes: 3072, initrd: 2200 << 20).initrd)
        #expect(place.upperBound == 3 << 30)
    }

    @Test("One too large for low memory goes above 4 GiB, and the upper halves of its address are stated")
    func aboveFourGiB() throws {
        let size: UInt64 = 3500 << 20
        let plan = try plan(mebibytes: 8192, initrd: size)
        let place = try #require(plan.initrd)
        #expect(place.lowerBound == (9 << 30) - size)
        let parameters = try #require(plan.placements.first { $0.what == "the boot parameters" })
        guard case .bytes(let bytes) = parameters.source else {
            Issue.record("The boot parameters do not come from memory")
            return
        }
        #expect(bytes[0x0c0] == UInt8(place.lowerBound >> 32))
    }

    @Test("Without XLF_CAN_BE_LOADED_ABOVE_4G the limit is a limit")
    func strictLimit() throws {
        var image = SyntheticBzImage()
        image.flags64 = 1
        #expect(throws: FirmwareError.initrdTooLarge(file: "initrd", size: 2200 << 20, mebibytes: nil)) {
            try plan(mebibytes: 3072, initrd: 2200 << 20, image)
        }
    }

    @Test("A machine too small for it is told how much it needs, and that is enough")
    func needsMemory() throws {
        var needed: UInt64?
        do {
            _ = try plan(mebibytes: 64, initrd: 100 << 20)
        } catch FirmwareError.initrdTooLarge(_, _, let mebibytes) {
            needed = mebibytes
        }
        let mebibytes = try #require(needed)
        #expect(mebibytes <= 152)
        #expect(throws: Never.self) { try plan(mebibytes: mebibytes, initrd: 100 << 20) }
    }

    @Test("A size that no machine has is an error, not an overflow")
    func absurdSize() throws {
        #expect(throws: FirmwareError.self) { try plan(mebibytes: 64, initrd: 1 << 43) }
    }

    @Test("A file that shrinks after it was opened is reported, not read past")
    func shrinkingFile() throws {
        let board = try TestBoard(mebibytes: 256)
        let file = try ScratchFile()
        let initrd = try file.image([UInt8](repeating: 1, count: 9000), path: "initrd")
        let plan = try board.boot(ScratchFile().image(SyntheticBzImage().bytes), initrd: initrd).plan()
        try file.truncate(to: 100)
        let text = message { try plan.write(to: board.memory(), isZeroed: true) }
        #expect(text == "initrd is truncated: it ends at byte 100, but what is to be loaded reaches up to byte 9000.")
    }
}
