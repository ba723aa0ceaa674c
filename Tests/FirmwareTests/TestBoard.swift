import Firmware
import Memory
import Testing

/// The memory of a PC with a hole from 3 to 4 GiB, and nothing else.
struct TestBoard {
    let map: [MemoryMapEntry]

    init(mebibytes: UInt64) throws {
        let hole: UInt64 = 3 << 30
        let size = mebibytes << 20
        var map = [
            try entry(0, 0x9fc00, .ram), try entry(0x9fc00, 0x400, .reserved), try entry(0xe0000, 0x20000, .reserved),
            try entry(0x100000, min(size, hole) - 0x100000, .ram),
        ]
        if size > hole { map.append(try entry(1 << 32, size - hole, .ram)) }
        self.map = map
    }

    /// Guest memory exactly where the map has RAM: a write anywhere else is an error.
    func memory() throws -> GuestMemory {
        try GuestMemory(map.filter { $0.kind == .ram }.map { try MemoryRegion($0.range, backing: .anonymous) })
    }

    func boot(
        _ kernel: ImageFile, initrd: ImageFile? = nil, commandLine: String = "", rootPointer: UInt64? = nil
    ) throws -> DirectBoot {
        DirectBoot(
            kernel: try KernelImage(kernel), initrd: initrd, commandLine: commandLine, memoryMap: map,
            rootPointer: rootPointer.map { GuestAddress($0) })
    }
}

/// A map entry of constants.
func entry(_ start: UInt64, _ count: UInt64, _ kind: MemoryMapEntry.Kind) throws -> MemoryMapEntry {
    MemoryMapEntry(try #require(GuestRange(start: GuestAddress(start), count: count)), kind)
}

/// The promise of every plan: placements lie in RAM and do not overlap.
func expectSound(_ plan: BootPlan, on map: [MemoryMapEntry], _ comment: Comment? = nil) {
    let ram = map.filter { $0.kind == .ram }.map(\.range)
    let ranges = plan.placements.map(\.range).sorted { $0.start < $1.start }
    let isInRAM = ranges.allSatisfy { range in ram.contains { $0.contains(range) } }
    let isDisjoint = zip(ranges, ranges.dropFirst()).allSatisfy { !$0.overlaps($1) }
    // One expectation each: they are evaluated thousands of times by the mutation tests.
    if !isInRAM || !isDisjoint { Issue.record("A placement is outside RAM or overlaps another: \(ranges)") }
}

/// The message of the error that `body` throws.
func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch {
        return "\(error)"
    }
}
