import Firmware
import Glibc
import Memory
import Testing

@Suite("Hostile kernel images")
struct HostileImageTests {
    /// Numbers that look random and are the same each time (SplitMix64).
    private struct Numbers {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
            return value ^ value >> 31
        }

        mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    }

    /// Plans what `file` holds and carries it out; an image that is refused must be refused by what it says, not by
    /// guest memory. True if it was accepted.
    private func tryBoot(_ file: ImageFile, on board: TestBoard, _ memory: GuestMemory?) throws -> Bool {
        do {
            let plan = try board.boot(file, commandLine: "quiet").plan()
            expectSound(plan, on: board.map)
            if let memory { try plan.write(to: memory, isZeroed: true) }
            return true
        } catch FirmwareError.cannotWrite(let what, let error) {
            Issue.record("A plan could not be carried out: \(what), \(error)")
        } catch is FirmwareError {
            // Refused.
        }
        return false
    }

    @Test("A bzImage cut at any byte is refused, and as truncated once it is recognised")
    func truncatedBzImage() throws {
        var image = SyntheticBzImage()
        image.setupSectors = 1
        image.payload = 1024
        let bytes = image.bytes
        let file = try ScratchFile()
        for count in 1..<bytes.count - 15 {
            do {
                _ = try KernelImage(file.image(Array(bytes[..<count])))
                Issue.record("Accepted when cut at \(count)")
            } catch FirmwareError.truncated(_, _, let needed, let size) {
                #expect(needed > size && size <= UInt64(count))
            } catch FirmwareError.notAKernel {
                #expect(count < 0x206)
            }
        }
    }

    @Test(
        "An ELF kernel cut at any byte is refused, and as truncated once it is recognised",
        arguments: [nil, 0x100_0000 as UInt64])
    func truncatedELF(pvhEntry: UInt64?) throws {
        var image = SyntheticELF()
        image.pvhEntry = pvhEntry
        let bytes = image.bytes
        let file = try ScratchFile()
        for count in 1..<bytes.count {
            do {
                _ = try KernelImage(file.image(Array(bytes[..<count])))
                Issue.record("Accepted when cut at \(count)")
            } catch FirmwareError.truncated(_, _, let needed, let size) {
                #expect(needed > size && size <= UInt64(count))
            } catch FirmwareError.notAKernel {
                #expect(count < 4)
            }
        }
    }

    @Test("Every header field of a bzImage at its extremes is survived")
    func extremeBzImageFields() throws {
        let board = try TestBoard(mebibytes: 64)
        let file = try ScratchFile()
        let memory = try board.memory()
        let bytes = SyntheticBzImage().bytes
        for offset in 0x1f0..<0x270 {
            for width in [1, 2, 4, 8] {
                for pattern in [UInt8(0x00), 0xff, 0x7f, 0x80] {
                    var mutated = bytes
                    for index in offset..<offset + width { mutated[index] = pattern }
                    _ = try tryBoot(file.image(mutated), on: board, memory)
                }
            }
        }
    }

    @Test("Every header field of an ELF kernel at its extremes is survived")
    func extremeELFFields() throws {
        let board = try TestBoard(mebibytes: 64)
        let file = try ScratchFile()
        let memory = try board.memory()
        var image = SyntheticELF()
        image.pvhEntry = 0x100_0000
        let bytes = image.bytes
        let notes = bytes.count - 40
        for offset in Array(4..<image.contents - 8) + Array(notes..<notes + 32) {
            for width in [1, 2, 4, 8] {
                for pattern in [UInt8(0x00), 0xff, 0x7f, 0x80] {
                    var mutated = bytes
                    for index in offset..<offset + width { mutated[index] = pattern }
                    _ = try tryBoot(file.image(mutated), on: board, memory)
                }
            }
        }
    }

    @Test("20,000 mutated images: no crash, and no write outside RAM")
    func mutations() throws {
        let board = try TestBoard(mebibytes: 64)
        let file = try ScratchFile()
        let memory = try board.memory()
        var numbers = Numbers(state: 42)
        var elf = SyntheticELF()
        elf.pvhEntry = 0x100_0040
        elf.segments.append(.init(address: 0x180_0000, fileSize: 64, memorySize: 0x2_0000))
        let plain = SyntheticELF().bytes
        // Each with the bytes that have a meaning.
        let seeds: [([UInt8], [Int])] = [
            (SyntheticBzImage().bytes, Array(0x1f1..<0x26c)),
            (plain, Array(0..<120)),
            (elf.bytes, Array(0..<elf.contents) + Array(elf.bytes.count - 40..<elf.bytes.count)),
        ]
        var accepted = 0
        for round in 0..<20_000 {
            let (seed, fields) = seeds[round % seeds.count]
            var bytes = seed
            for _ in 0...numbers.below(4) {
                let position = fields[numbers.below(fields.count)]
                switch numbers.below(3) {
                case 0: bytes[position] = UInt8(truncatingIfNeeded: numbers.next())
                case 1: bytes[position] ^= 1 << UInt8(numbers.below(8))
                default: bytes[position] = [0x00, 0xff, 0x7f, 0x80][numbers.below(4)]
                }
            }
            if numbers.below(10) == 0 { bytes.removeLast(numbers.below(bytes.count)) }
            if bytes.isEmpty { continue }
            if try tryBoot(file.image(bytes), on: board, memory) { accepted += 1 }
        }
        // Both sides are reached: enough images are refused, enough go all the way into memory.
        #expect(accepted > 2_000 && accepted < 18_000)
    }
}
