import Block
import Host
import Support
import Testing

/// `detect-zeroes`: zeros that a guest writes take no space.
@Suite struct ZeroDetectionTests {
    private func transfer(_ file: TemporaryFile, _ way: Way, _ mode: ImageOptions.ZeroDetection) throws -> Transfer {
        var options = way.options
        options.detectZeroes = mode
        return Transfer(try RawImage(path: file.path, options: options).makeQueue(depth: 8))
    }

    @Test("Written zeros become a hole with unmap, and zeros either way", arguments: Way.here)
    func unmap(_ way: Way) throws {
        for mode in [ImageOptions.ZeroDetection.off, .zero, .unmap] {
            let file = TemporaryFile(pattern(1 << 20))
            let transfer = try transfer(file, way, mode)
            let before = file.allocatedBytes
            #expect(transfer.perform(.write, offset: 65536, lengths: [262144, 0, 262144]) == nil)
            if mode == .unmap { #expect(file.allocatedBytes <= before - 524288) }
            var expected = pattern(1 << 20)
            expected.replaceSubrange(65536..<589824, with: repeatElement(0, count: 524288))
            #expect(file.bytes == expected)
        }
    }

    @Test("A write with one byte that is not zero is written, wherever the byte is", arguments: [0, 1, 511, 512, 1023])
    func notZero(_ place: Int) throws {
        let file = TemporaryFile(pattern(4096))
        let transfer = try transfer(file, .threads, .unmap)
        var bytes = [UInt8](repeating: 0, count: 1024)
        bytes[place] = 1
        transfer.fill(bytes)
        #expect(transfer.perform(.write, offset: 1024, lengths: [512, 512]) == nil)
        #expect(Array(file.bytes[1024..<2048]) == bytes)
    }

    @Test("Other requests pass as they are")
    func others() throws {
        let file = TemporaryFile(pattern(4096))
        let transfer = try transfer(file, .threads, .zero)
        #expect(transfer.perform(.read, lengths: [4096]) == nil)
        #expect(transfer.bytes(4096) == pattern(4096))
        #expect(transfer.perform(.flush) == nil)
        #expect(file.bytes == pattern(4096))
    }
}
