import Block
import Host
import Support
import Testing

/// What holds for every engine.
@Suite struct EngineTests {
    @Test("Bytes written are read back, over any number of segments", arguments: Way.here)
    func roundTrip(_ way: Way) throws {
        let file = TemporaryFile(size: 1 << 20)
        let image = try RawImage(path: file.path, options: way.options)
        let transfer = Transfer(try image.makeQueue(depth: 8))
        let bytes = pattern(65536)
        transfer.fill(bytes)
        #expect(transfer.perform(.write, offset: 8192, lengths: [4096, 512, 512, 60416]) == nil)
        #expect(transfer.perform(.flush) == nil)
        #expect(Array(file.bytes[8192..<8192 + 65536]) == bytes)
        transfer.fill([UInt8](repeating: 0, count: 65536))
        #expect(transfer.perform(.read, offset: 8192, lengths: [512, 65024]) == nil)
        #expect(transfer.bytes(65536) == bytes)
    }

    @Test("Buffers at odd addresses and of odd lengths work", arguments: Way.here)
    func unaligned(_ way: Way) throws {
        let file = TemporaryFile(size: 1 << 20)
        let image = try RawImage(path: file.path, options: way.options)
        let transfer = Transfer(try image.makeQueue(depth: 8), count: 4 << 20)
        let bytes = pattern(4096, seed: 3)
        transfer.fill(bytes, at: 7)
        #expect(transfer.perform(.write, offset: 512, lengths: [1, 1000, 3095], start: 7) == nil)
        #expect(Array(file.bytes[512..<4608]) == bytes)
        transfer.fill([UInt8](repeating: 0, count: 8192))
        #expect(transfer.perform(.read, offset: 512, lengths: [4095, 1], start: 13) == nil)
        #expect(transfer.bytes(4096, at: 13) == bytes)
        #expect(transfer.bytes(13) == [UInt8](repeating: 0, count: 13))
        // More than is bounced.
        #expect(transfer.perform(.read, offset: 0, lengths: [1 << 20], start: 1) == nil)
        #expect(transfer.bytes(4096, at: 513) == bytes)
    }

    @Test("Many requests in flight are each answered once", arguments: Way.here)
    func exactlyOnce(_ way: Way) throws {
        let file = TemporaryFile(size: 1 << 20)
        let image = try RawImage(path: file.path, options: way.options)
        let transfer = Transfer(try image.makeQueue(depth: 64))
        let bytes = pattern(64 * 4096)
        transfer.fill(bytes)
        for round in 0..<4 {
            for tag in 0..<64 {
                let offset = UInt64(tag * 4096)
                let operation: BlockRequest.Operation = tag % 8 == 7 ? .flush : round % 2 == 0 ? .write : .read
                let lengths = tag % 8 == 7 ? [] : [4096]
                transfer.submit(operation, offset: offset, lengths: lengths, start: tag * 4096, tag: tag)
            }
            #expect(transfer.queue.inFlight == 64)
            let answers = transfer.drain()
            #expect(answers.map(\.tag).sorted() == Array(0..<64))
            #expect(answers.allSatisfy { $0.error == nil })
        }
        let written = file.bytes
        for tag in 0..<64 where tag % 8 != 7 {
            let range = tag * 4096..<(tag + 1) * 4096
            #expect(written[range] == bytes[range])
        }
    }

    @Test("The event announces completions", arguments: Way.here)
    func event(_ way: Way) throws {
        let file = TemporaryFile(size: 4096)
        let image = try RawImage(path: file.path, options: way.options)
        let transfer = Transfer(try image.makeQueue(depth: 8))
        let loop = try EventLoop()
        var answer: BlockCompletion?
        let descriptor = try #require(transfer.queue.eventDescriptor)
        transfer.submit(.read, lengths: [512], tag: 5)
        transfer.queue.dispatch()
        let watch = try loop.watch(descriptor, .readable) { _ in }
        defer { watch.cancel() }
        while answer == nil {
            loop.turn(timeout: 1000)
            transfer.queue.acknowledgeEvent()
            answer = transfer.queue.nextCompletion()
        }
        #expect(answer == BlockCompletion(tag: 5, error: nil))
        #expect(transfer.queue.inFlight == 0)
    }

    @Test("Discard gives space back, write zeroes zeroes, and both keep their neighbours", arguments: Way.here)
    func ranges(_ way: Way) throws {
        let bytes = pattern(1 << 20)
        let file = TemporaryFile(bytes)
        let image = try RawImage(path: file.path, options: way.options)
        let transfer = Transfer(try image.makeQueue(depth: 8))
        let before = file.allocatedBytes
        #expect(transfer.perform(.discard, offset: 65536, count: 524288) == nil)
        #expect(file.allocatedBytes < before)
        #expect(transfer.perform(.writeZeroes(unmap: false), offset: 512, count: 1024) == nil)
        #expect(transfer.perform(.writeZeroes(unmap: true), offset: 655360, count: 8192) == nil)
        var expected = bytes
        for range in [65536..<589824, 512..<1536, 655360..<663552] {
            expected.replaceSubrange(range, with: repeatElement(0, count: range.count))
        }
        #expect(file.bytes == expected)
        #expect(file.size == 1 << 20)
    }

    @Test("discard=ignore keeps the data")
    func discardIgnored() throws {
        let file = TemporaryFile(pattern(65536))
        let image = try RawImage(path: file.path)
        let transfer = Transfer(try image.makeQueue(depth: 8))
        #expect(transfer.perform(.discard, offset: 0, count: 65536) == nil)
        #expect(file.bytes == pattern(65536))
    }

    @Test("A host error comes back as the request's error, and the queue goes on", arguments: Way.here)
    func hostError(_ way: Way) throws {
        let file = TemporaryFile(pattern(4096))
        var options = way.options
        options.isReadOnly = true
        let image = try RawImage(path: file.path, options: options)
        let transfer = Transfer(try image.makeQueue(depth: 8))
        #expect(transfer.perform(.write, lengths: [512]) != nil)
        #expect(transfer.perform(.read, lengths: [4096]) == nil)
        #expect(transfer.bytes(4096) == pattern(4096))
    }

    @Test("The null image answers at once, and reads zeros if asked to")
    func null() throws {
        let transfer = Transfer(try NullImage(size: 1 << 20).makeQueue(depth: 8))
        transfer.fill(pattern(1024))
        transfer.submit(.read, lengths: [512, 256], tag: 1)
        transfer.submit(.write, lengths: [512], tag: 2)
        transfer.submit(.flush, tag: 3)
        transfer.queue.dispatch()
        #expect(transfer.queue.inFlight == 3)
        #expect(transfer.drain().map(\.tag).sorted() == [1, 2, 3])
        #expect(transfer.bytes(1024) == [UInt8](repeating: 0, count: 768) + pattern(1024)[768...])
    }
}
