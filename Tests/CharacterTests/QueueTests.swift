import Character
import Testing

@Suite struct QueueTests {
    @Test("A queue keeps order around its end and refuses what does not fit")
    func order() {
        var queue = ByteQueue(limit: 20)
        #expect(queue.append(0..<15 as Range<UInt8>) == 15)
        #expect(queue.take(10) == Array(0..<10))
        #expect(queue.append(15..<40 as Range<UInt8>) == 15)
        #expect(queue.room == 0)
        let isTaken = queue.append(99)
        #expect(!isTaken)
        #expect(queue.take(.max) == Array(10..<30))
        #expect(queue.isEmpty && queue.removeFirst() == nil)
        queue.removeFirst(5)
        #expect(queue.take(-1) == [])
    }

    @Test("A ring keeps the last bytes")
    func ring() throws {
        let ring = try RingBufferBackend(size: 8)
        #expect(ring.write(Array("hello, world".utf8).span) == 12)
        #expect(ring.read(100) == Array("o, world".utf8))
        #expect(throws: CharacterError.wrongRingSize(12)) { try RingBufferBackend(size: 12) }
        #expect(throws: CharacterError.self) { try RingBufferBackend(size: 0) }
    }

    @Test("A queue at its limit counts what it loses")
    func lost() throws {
        final class Deaf: CharacterBackend {
            let description = "deaf"
            let isOpen = true
            func attach(_ frontEnd: any CharacterFrontEnd) {}
            func detach() {}
            func write(_ bytes: Span<UInt8>) -> Int { 0 }
            func resumeInput() {}
            func close() {}
        }
        let backend = Deaf()
        var queue = OutputQueue(limit: 4)
        queue.send(Array("abc".utf8), to: backend)
        queue.send(Array("def".utf8), to: backend)
        queue.send(0, to: backend)
        #expect(queue.count == 4 && queue.lost == 3)
        let isEmpty = queue.flush(to: backend)
        #expect(!isEmpty && queue.count == 4)
    }
}
