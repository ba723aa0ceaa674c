import Block
import Host
import Support
import Testing

/// Disks that are a part of a file, and disks that change their size.
@Suite struct WindowTests {
    private func refusal(_ path: String, offset: UInt64, size: UInt64?) -> BlockError? {
        var options = ImageOptions()
        options.offset = offset
        options.size = size
        do throws(BlockError) {
            _ = try RawImage(path: path, options: options)
            return nil
        } catch {
            return error
        }
    }

    @Test("A window reads and writes its part of the file and nothing else", arguments: Way.here)
    func window(_ way: Way) throws {
        let bytes = pattern(65536)
        let file = TemporaryFile(bytes)
        var options = way.options
        options.offset = 8192
        options.size = 16384
        let image = try RawImage(path: file.path, options: options)
        #expect(image.geometry.size == 16384)
        let transfer = Transfer(try image.makeQueue(depth: 8))
        #expect(transfer.perform(.read, offset: 512, lengths: [4096]) == nil)
        #expect(transfer.bytes(4096) == Array(bytes[8704..<12800]))
        transfer.fill(pattern(4096, seed: 5))
        // Aligned for O_DIRECT, and not.
        #expect(transfer.perform(.write, offset: 0, lengths: [4096]) == nil)
        #expect(transfer.perform(.write, offset: 12800, lengths: [512], start: 1) == nil)
        #expect(transfer.perform(.writeZeroes(unmap: false), offset: 4096, count: 512) == nil)
        var expected = bytes
        expected.replaceSubrange(8192..<12288, with: pattern(4096, seed: 5))
        expected.replaceSubrange(20992..<21504, with: pattern(4096, seed: 5)[1..<513])
        expected.replaceSubrange(12288..<12800, with: repeatElement(0, count: 512))
        #expect(file.bytes == expected)
    }

    @Test("Without a size the window reaches to the end of the file; past it there is none")
    func bounds() throws {
        let file = TemporaryFile(size: 65536)
        var options = ImageOptions()
        options.offset = 4096
        #expect(try RawImage(path: file.path, options: options).geometry.size == 61440)
        #expect(refusal(file.path, offset: 65536, size: nil) == nil)
        #expect(refusal(file.path, offset: 66048, size: nil) == .windowOutside(path: file.path, size: 65536))
        #expect(refusal(file.path, offset: 4096, size: 65536) == .windowOutside(path: file.path, size: 65536))
        #expect(refusal(file.path, offset: 512, size: .max - 511) == .windowOutside(path: file.path, size: 65536))
    }

    @Test("A file grows with zeros and shrinks, behind the window's offset")
    func resize() throws {
        let file = TemporaryFile(pattern(8192))
        var options = ImageOptions()
        options.offset = 4096
        let image = try RawImage(path: file.path, options: options)
        try image.resize(to: 8000)
        #expect(image.geometry.size == 8192)
        #expect(file.bytes == pattern(8192) + [UInt8](repeating: 0, count: 4096))
        try image.resize(to: 512)
        #expect(image.geometry.size == 512)
        #expect(file.bytes == Array(pattern(8192).prefix(4608)))
    }

    @Test("What cannot be resized says why, and stays as it was")
    func refusals() throws {
        let file = TemporaryFile(size: 8192)
        func refusal(_ image: any BlockImage, _ size: UInt64) -> String? {
            do throws(BlockError) {
                try image.resize(to: size)
                return nil
            } catch {
                return "\(error)"
            }
        }
        var options = ImageOptions()
        options.isLocked = false
        options.size = 4096
        var image = try RawImage(path: file.path, options: options)
        #expect(refusal(image, 512) == "Cannot resize disk image '\(file.path)': the 'size' of its raw node is fixed.")
        options.size = nil
        options.isReadOnly = true
        image = try RawImage(path: file.path, options: options)
        #expect(refusal(image, 512) == "Cannot resize disk image '\(file.path)': it is read-only.")
        options.isReadOnly = false
        image = try RawImage(path: file.path, options: options)
        #expect(refusal(image, .max)?.hasPrefix("Cannot resize disk image '\(file.path)': ") == true)
        #expect(refusal(image, 1 << 62) != nil)
        #expect(image.geometry.size == 8192)
        #expect(refusal(NullImage(size: 512), 1024) == "Cannot resize the disk: its driver has no way to.")
        #expect(file.size == 8192)
    }
}
