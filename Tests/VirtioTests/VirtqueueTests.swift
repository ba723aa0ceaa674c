import Memory
import Testing
import Virtio

/// The ring alone: positions, batches and the arithmetic of notifications.
@Suite struct VirtqueueTests {
    static let size: UInt16 = 8
    let memory: GuestMemory
    let layout = VirtqueueConfiguration(
        size: Self.size, descriptors: GuestAddress(0x1000), available: GuestAddress(0x2000), used: GuestAddress(0x3000))

    init() throws {
        let range = try #require(GuestRange(start: GuestAddress(0), count: 1 << 20))
        memory = try GuestMemory([MemoryRegion(range, backing: .anonymous)])
    }

    private func make(
        _ features: VirtioFeatures = .ring, at position: VirtqueuePosition = VirtqueuePosition()
    ) throws(VirtqueueError) -> Virtqueue {
        memory.store(position.nextAvailable, at: GuestAddress(0x2002))
        memory.store(position.nextUsed, at: GuestAddress(0x3002))
        return try Virtqueue(layout, position: position, features: features, memory: memory)
    }

    /// Makes one-buffer chain `head` available as entry `index`.
    private func offer(_ head: UInt16, as index: UInt16) {
        let entry = 0x1000 + UInt64(head) * 16
        memory.store(UInt64(0x8000), at: GuestAddress(entry))
        memory.store(UInt32(64), at: GuestAddress(entry + 8))
        memory.store(UInt32(2), at: GuestAddress(entry + 12))
        memory.store(head, at: GuestAddress(0x2004 + UInt64(index % Self.size) * 2))
        memory.store(index &+ 1, at: GuestAddress(0x2002))
    }

    /// `#expect` copies what it looks at, which a queue is not.
    private func expect(_ condition: Bool, _ location: SourceLocation = #_sourceLocation) {
        #expect(condition, sourceLocation: location)
    }

    private var usedIndex: UInt16 { memory.load(GuestAddress(0x3002)) ?? 0xffff }

    @Test("Indices run through all 16 bits and wrap")
    func wrap() throws {
        var position: UInt16 = 65530
        var queue = try make(at: VirtqueuePosition(nextAvailable: position, nextUsed: position))
        var chain = DescriptorChain()
        for round in UInt16(0)..<20 {
            let isEmpty = try !queue.next(into: &chain)
            #expect(isEmpty)
            offer(round % 8, as: position)
            let found = try queue.next(into: &chain)
            expect(found && chain.head == round % 8 && chain.writableCount == 64)
            queue.complete(chain.head, written: UInt32(round))
            _ = queue.publish()
            position &+= 1
            #expect(usedIndex == position)
        }
        let end = queue.end()
        #expect(end == VirtqueuePosition(nextAvailable: 14, nextUsed: 14))
    }

    @Test("A full ring is not a jump, one more is")
    func fullRing() throws {
        var queue = try make()
        var chain = DescriptorChain()
        for index in UInt16(0)..<8 { offer(index, as: index) }
        for _ in 0..<8 {
            let found = try queue.next(into: &chain)
            expect(found)
        }
        memory.store(UInt16(17), at: GuestAddress(0x2002))
        var error: VirtqueueError?
        do throws(VirtqueueError) { _ = try queue.next(into: &chain) } catch let caught { error = caught }
        #expect(error == .availableIndex(17, expected: 8))
    }

    @Test("Completions are seen when they are published, all at once")
    func batch() throws {
        var queue = try make()
        queue.complete(3, written: 10)
        queue.complete(1, written: 20)
        #expect(usedIndex == 0)
        expect(queue.publish())
        #expect(usedIndex == 2)
        #expect(memory.load(GuestAddress(0x3004)) == UInt32(3))
        #expect(memory.load(GuestAddress(0x3008)) == UInt32(10))
        #expect(memory.load(GuestAddress(0x300c)) == UInt32(1))
        // Nothing new, nothing to tell.
        expect(!queue.publish())
    }

    @Test(
        "An interrupt is due when the batch passes the index the driver named",
        arguments: [
            (event: UInt16(0), old: UInt16(0), new: UInt16(1), due: true),
            (event: 1, old: 0, new: 1, due: false),
            (event: 4, old: 2, new: 5, due: true),
            (event: 5, old: 2, new: 5, due: false),
            (event: 1, old: 2, new: 5, due: false),
            (event: 65535, old: 65534, new: 2, due: true),
            (event: 2, old: 65534, new: 2, due: false),
        ])
    func eventIndex(_ row: (event: UInt16, old: UInt16, new: UInt16, due: Bool)) throws {
        // One publication first: the very first after a start always notifies.
        var queue = try make(at: VirtqueuePosition(nextAvailable: row.old &- 1, nextUsed: row.old &- 1))
        queue.complete(0, written: 0)
        expect(queue.publish())
        memory.store(row.event, at: GuestAddress(0x2004 + UInt64(Self.size) * 2))
        for _ in 0..<(row.new &- row.old) { queue.complete(0, written: 0) }
        expect(queue.publish() == row.due)
    }

    @Test(
        "A chain that came while kicks were off is found when they are switched on",
        arguments: [VirtioFeatures.ring, []])
    func kicks(_ features: VirtioFeatures) throws {
        var queue = try make(features)
        var chain = DescriptorChain()
        queue.suppressKicks()
        let isSilent: UInt16? = memory.load(GuestAddress(0x3000))
        #expect(isSilent == (features.contains(.eventIndex) ? 0 : 1))
        expect(!queue.resumeKicks())
        offer(0, as: 0)
        expect(queue.hasAvailable)
        expect(queue.resumeKicks())
        _ = try queue.next(into: &chain)
        expect(!queue.resumeKicks())
        let flags: UInt16? = memory.load(GuestAddress(0x3000))
        #expect(flags == 0)
        let event: UInt16? = memory.load(GuestAddress(0x3004 + UInt64(Self.size) * 8))
        #expect(event == (features.contains(.eventIndex) ? 1 : 0))
    }

    @Test("Headers are taken from the front and status bytes from the back, however buffers are cut")
    func anyLayout() throws {
        var queue = try make()
        // Readable: 3 + 5 + 12 bytes; writable: 6 + 1.
        let pieces: [(UInt64, UInt32, UInt16)] = [
            (0x8000, 3, 1), (0x8100, 5, 1), (0x8200, 12, 1), (0x8300, 6, 3), (0x8400, 1, 2),
        ]
        for (index, piece) in pieces.enumerated() {
            let entry = 0x1000 + UInt64(index) * 16
            memory.store(piece.0, at: GuestAddress(entry))
            memory.store(piece.1, at: GuestAddress(entry + 8))
            memory.store(UInt32(piece.2) | UInt32(index + 1) << 16, at: GuestAddress(entry + 12))
        }
        try memory.write([1, 2, 3], at: GuestAddress(0x8000))
        try memory.write([4, 5, 6, 7, 8], at: GuestAddress(0x8100))
        memory.store(UInt16(0), at: GuestAddress(0x2004))
        memory.store(UInt16(1), at: GuestAddress(0x2002))

        var chain = DescriptorChain()
        let found = try queue.next(into: &chain)
        expect(found && chain.readableCount == 20 && chain.writableCount == 7)
        expect(chain.take(UInt64.self) == 0x0807_0605_0403_0201)
        expect(chain.readableCount == 12)
        expect(chain.take(UInt64.self) != nil)
        let tooMuch = chain.take(UInt64.self)
        #expect(tooMuch == nil && chain.readableCount == 4)
        unsafe chain.takeLastWritableByte()?.pointee = 0x55
        #expect(memory.load(GuestAddress(0x8400)) == UInt8(0x55))
        expect(chain.writableCount == 6)
        expect(chain.write([9, 8, 7, 6, 5, 4, 3, 2]) == 6)
        #expect(memory.bytes(at: GuestAddress(0x8300), count: 7) == [9, 8, 7, 6, 5, 4, 0])
        unsafe chain.takeLastWritableByte()?.pointee = 0x66
        #expect(memory.load(GuestAddress(0x8305)) == UInt8(0x66))
    }

    @Test("A chain of a thousand buffers fits, one more than 1024 does not")
    func longChains() throws {
        for (count, fits) in [(1024, true), (1025, false)] {
            var queue = try make()
            for index in 0..<count {
                let entry = 0x2_0000 + UInt64(index) * 16
                memory.store(UInt64(0x8000), at: GuestAddress(entry))
                memory.store(UInt32(1), at: GuestAddress(entry + 8))
                let flags: UInt32 = index == count - 1 ? 2 : 3
                memory.store(flags | UInt32(index + 1) << 16, at: GuestAddress(entry + 12))
            }
            memory.store(UInt64(0x2_0000), at: GuestAddress(0x1000))
            memory.store(UInt32(count * 16), at: GuestAddress(0x1008))
            memory.store(UInt32(4), at: GuestAddress(0x100c))
            memory.store(UInt16(0), at: GuestAddress(0x2004))
            memory.store(UInt16(1), at: GuestAddress(0x2002))
            var chain = DescriptorChain()
            var error: VirtqueueError?
            do throws(VirtqueueError) { _ = try queue.next(into: &chain) } catch let caught { error = caught }
            #expect((error == nil) == fits)
            if fits { expect(chain.writableCount == 1024) }
        }
    }
}
