import Glibc
import Host
import Memory
import Support
import Testing

@Suite struct GuestMemoryTests {
    static func range(_ start: UInt64, _ count: UInt64) throws -> GuestRange {
        try #require(GuestRange(start: GuestAddress(start), count: count))
    }

    /// Two regions side by side, and one behind a hole.
    let memory: GuestMemory

    init() throws {
        memory = try GuestMemory([
            MemoryRegion(Self.range(0x10000, 0x1000), backing: .anonymous),
            MemoryRegion(Self.range(0, 0x10000), backing: .memfd),
            MemoryRegion(Self.range(0x20000, 0x1000), backing: .anonymous),
        ])
    }

    @Test("Values go in and out in little-endian order at any alignment")
    func values() {
        let odd = GuestAddress(0x1003)
        let isStored = memory.store(UInt32(0x1122_3344), at: odd)
        #expect(isStored)
        #expect(memory.load(odd) == UInt8(0x44))
        #expect(memory.load(odd) == UInt64(0x1122_3344))
        #expect(memory.size == 0x12000)
    }

    @Test("Copies cross from one region into the next")
    func crossing() throws {
        let bytes = (0..<100).map { UInt8($0) }
        let start = GuestAddress(0x10000 - 50)
        try memory.write(bytes, at: start)
        #expect(memory.bytes(at: start, count: 100) == bytes)
        #expect(memory.load(GuestAddress(0x10000)) == UInt8(50))
        // A single value is in one region or nowhere.
        #expect(memory.load(GuestAddress(0xfffe), as: UInt32.self) == nil)
        var pieces: [Int] = []
        let isWhole = unsafe memory.pieces(start, count: 100) { pieces.append($1) }
        #expect(isWhole && pieces == [50, 50])
    }

    @Test("An access that is not all memory changes nothing", arguments: [
        (0x10ff0, 0x20), (0x11000, 1), (0x1fff0, 0x20), (UInt64.max, 1), (UInt64.max - 7, 16), (0, UInt64.max),
    ] as [(UInt64, UInt64)])
    func outside(start: UInt64, count: UInt64) {
        let address = GuestAddress(start)
        #expect(!memory.contains(address, count: count))
        let isFilled = memory.fill(address, count: count, with: 0xff)
        #expect(!isFilled)
        if count < 100 {
            #expect(memory.bytes(at: address, count: Int(count)) == nil)
            #expect(throws: MemoryError.self) {
                try memory.write([UInt8](repeating: 0xff, count: Int(count)), at: address)
            }
        }
        #expect(memory.load(GuestAddress(0x10ff0)) == UInt64(0))
    }

    @Test("A file is read straight in, and one that is too short says by how much")
    func file() throws {
        let directory = try TestPipes.Directory()
        let file = try FileDescriptor.open(directory.file("f"), O_RDWR | O_CREAT)
        let text = (0..<3000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(TestPipes.fill(file.rawValue, text[...]) == 3000)
        let target = try Self.range(0x10000 - 1000, 2000)
        try memory.read(target, from: file, at: 500)
        #expect(memory.bytes(at: target.start, count: 2000) == Array(text[500..<2500]))
        #expect(throws: MemoryError.endOfFile(missing: 1000)) { try memory.read(target, from: file, at: 2000) }
        let hole = try Self.range(0x10ff0, 0x20)
        #expect(throws: MemoryError.notMemory(address: hole.start, count: 0x20)) {
            try memory.read(hole, from: file, at: 0)
        }
    }

    @Test("Discarded memory reads as zero, whatever it is made of")
    func discard() {
        for address: UInt64 in [0x100, 0x10100, 0x20100] { _ = memory.store(UInt64.max, at: GuestAddress(address)) }
        memory.discard()
        for address: UInt64 in [0x100, 0x10100, 0x20100] { #expect(memory.load(GuestAddress(address)) == UInt64(0)) }
    }

    @Test("Regions that overlap, and more memory than there is, are refused")
    func refused() throws {
        let first = try MemoryRegion(Self.range(0, 0x2000), backing: .anonymous)
        let second = try MemoryRegion(Self.range(0x1000, 0x2000), backing: .anonymous)
        #expect(throws: MemoryError.overlap(first.range, second.range)) { try GuestMemory([second, first]) }
        let huge = try Self.range(0, 1 << 62)
        #expect(throws: MemoryError.self) { try MemoryRegion(huge, backing: .memfd) }
    }

    @Test("Ring indices are cells at even addresses in memory")
    func atomics() {
        #expect(unsafe memory.atomic16(at: GuestAddress(0x1001)) == nil)
        #expect(unsafe memory.atomic16(at: GuestAddress(0x11000)) == nil)
        #expect(unsafe memory.atomic16(at: GuestAddress(0x10ffe)) != nil)
    }
}

@Suite struct GuestRangeTests {
    @Test("A range that is empty or wraps does not exist")
    func edges() throws {
        #expect(GuestRange(start: GuestAddress(0), count: 0) == nil)
        #expect(GuestRange(start: GuestAddress(.max), count: 2) == nil)
        #expect(GuestRange(start: GuestAddress(1), last: GuestAddress(0)) == nil)
        #expect(GuestRange(start: GuestAddress(0), last: GuestAddress(.max)) == nil)
        let top = try #require(GuestRange(start: GuestAddress(.max), count: 1))
        #expect(top.last == GuestAddress(.max) && top.contains(GuestAddress(.max)) && !top.contains(GuestAddress(0)))
        #expect(GuestRange(ports: 0x3f8...0x3ff) == GuestRange(start: GuestAddress(0x3f8), count: 8))
        #expect(GuestRange(ports: 0...0xffff).count == 0x10000)
    }

    @Test("Addresses align upwards and stop at the end")
    func align() {
        #expect(GuestAddress(0x1001).aligned(up: 0x1000) == GuestAddress(0x2000))
        #expect(GuestAddress(0x1000).aligned(up: 0x1000) == GuestAddress(0x1000))
        #expect(GuestAddress(.max).aligned(up: 0x1000) == nil)
        #expect(GuestAddress(.max).advanced(by: 1) == nil)
    }
}
