@testable import Firmware
import Memory
import Testing

@Suite("Low memory")
struct LowMemoryTests {
    @Test("The areas are in order, below 1 MiB, on page borders and do not overlap")
    func areasAreDisjoint() {
        for (first, second) in zip(LowMemory.areas, LowMemory.areas.dropFirst()) {
            #expect(first.range.upperBound <= second.range.lowerBound, "\(first.name) and \(second.name)")
        }
        for (name, range) in LowMemory.areas {
            #expect(!range.isEmpty, "\(name)")
            #expect(range.upperBound <= LowMemory.highMemory, "\(name)")
            #expect(range.lowerBound % 0x400 == 0, "\(name)")
        }
    }

    @Test("The boot structures are what kernels may not cover, and nothing of the board's is")
    func bootDataCoversTheStructures() {
        for (name, range) in LowMemory.areas {
            let isOurs = LowMemory.bootData.contains(range)
            #expect(isOurs != range.overlaps(LowMemory.extendedBIOSData.lowerBound..<LowMemory.highMemory), "\(name)")
        }
        #expect(LowMemory.bootData.upperBound <= LowMemory.extendedBIOSData.lowerBound)
    }

    @Test("Every structure at its largest fits its area")
    func structuresFit() throws {
        #expect(BootParameters().bytes.count <= LowMemory.bootParameters.count)
        #expect(FlatDescriptorTable.size <= LowMemory.descriptorTable.count)
        #expect(IdentityPageTables.bytes(at: 0).count == LowMemory.pageTables.count)
        #expect(PVHStartInfo.memoryMapLimit >= BootParameters.memoryMapLimit)
        let map = [MemoryMapEntry](repeating: try entry(0, 1, .ram), count: PVHStartInfo.memoryMapLimit + 5)
        #expect(PVHStartInfo(map: map, rootPointer: nil, initrd: nil).bytes.count <= LowMemory.startInfo.count)
        #expect(LowMemory.biosArea.contains(LowMemory.rootPointer.rawValue))
    }

    @Test("The descriptor table has flat code of the entry's mode at 0x10, data at 0x18 and a TSS at 0x20")
    func descriptors() {
        for is64Bit in [true, false] {
            let bytes = FlatDescriptorTable.bytes(is64Bit: is64Bit)
            func descriptor(_ selector: Int) -> UInt64 {
                bytes[selector..<selector + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            // Present, execute and read, limit 0xfffff pages; L or D by the mode.
            #expect(descriptor(0x10) & 0x000f_ff00_0000_ffff == 0x000f_9b00_0000_ffff)
            #expect(descriptor(0x10) >> 52 == (is64Bit ? 0xa : 0xc))
            #expect(descriptor(0x18) == 0x00cf_9300_0000_ffff)
            #expect(descriptor(0x20) == 0x0000_8b00_0000_0067)
            #expect(descriptor(0x00) == 0 && descriptor(0x28) == 0)
        }
    }

    @Test("The page tables map each of the first 4 GiB to itself, for supervisors, writable")
    func pagesMapToThemselves() {
        let base: UInt64 = 0x6000
        let bytes = IdentityPageTables.bytes(at: base)
        func entry(_ table: UInt64, _ index: UInt64) -> UInt64 {
            let offset = Int(table - base + index * 8)
            return bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let address: UInt64 = 0x000f_ffff_ffff_f000
        for target in [UInt64(0), 0x10_0000, 0x7fff_ffff, 0x8000_0000, 0xc000_1234, 0xffff_ffff] {
            let pointers = entry(base, target >> 39)
            let directory = entry(pointers & address, target >> 30 & 511)
            let page = entry(directory & address, target >> 21 & 511)
            #expect([pointers, directory].allSatisfy { $0 & 0x87 == 0x03 })
            #expect(page & 0x87 == 0x83)
            #expect(page & address & ~0x1f_ffff | target & 0x1f_ffff == target)
        }
    }
}
