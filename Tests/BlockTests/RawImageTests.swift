import Block
import Glibc
import Host
import Support
import Testing

/// Opening images: what is taken, and the sentence for what is not.
@Suite struct RawImageTests {
    private func failure(_ path: String, _ change: (inout ImageOptions) -> Void = { _ in }) -> BlockError? {
        var options = ImageOptions()
        change(&options)
        do throws(BlockError) {
            _ = try RawImage(path: path, options: options)
            return nil
        } catch {
            return error
        }
    }

    @Test("A missing file, a directory and a terminal are refused by name")
    func wrongThings() {
        #expect(failure("/nonexistent/disk.img") == .cannotOpen(path: "/nonexistent/disk.img", errno: .notFound))
        #expect(failure("/tmp") == .isDirectory(path: "/tmp"))
        #expect(failure("/dev/full") == .notADisk(path: "/dev/full"))
        #expect("\(BlockError.isDirectory(path: "/tmp"))".contains("'/tmp' is a directory"))
    }

    @Test("A read-only file opened for writing is refused with the way out")
    func readOnlyFile() throws {
        // sysfs refuses even root.
        let path = "/sys/kernel/notes"
        try #require(unsafe access(path, R_OK) == 0)
        let error = try #require(failure(path))
        #expect(error == .notWritable(path: path, errno: .accessDenied))
        #expect(error.description.contains("readonly=on"))
        #expect(
            failure(path) {
                $0.isReadOnly = true
                $0.isLocked = false
            } == nil)
    }

    @Test("aio=native without O_DIRECT is refused with both ways out")
    func nativeNeedsDirect() {
        let file = TemporaryFile(size: 512)
        #expect(failure(file.path) { $0.engine = .native } == .asynchronousNeedsDirect(path: file.path))
    }

    @Test("A file system without O_DIRECT is named as the reason")
    func noDirect() {
        // procfs files are regular and never take O_DIRECT.
        let error = failure("/proc/version") {
            $0.isReadOnly = true
            $0.direct = true
            $0.isLocked = false
        }
        #expect(error == .noDirectIO(path: "/proc/version"))
    }

    @Test("A writer excludes everyone, readers exclude writers, and locking=off nobody")
    func locking() throws {
        let file = TemporaryFile(size: 512)
        var image: RawImage? = try RawImage(path: file.path)
        #expect(failure(file.path) == .locked(path: file.path, exclusive: true))
        #expect(failure(file.path) { $0.isReadOnly = true } == .locked(path: file.path, exclusive: false))
        #expect(failure(file.path) { $0.isLocked = false } == nil)
        image = nil
        var options = ImageOptions()
        options.isReadOnly = true
        let reader = try RawImage(path: file.path, options: options)
        #expect(failure(file.path) { $0.isReadOnly = true } == nil)
        #expect(failure(file.path) == .locked(path: file.path, exclusive: true))
        #expect(reader.geometry.isReadOnly)
        _ = image
    }

    @Test(
        "The size rounds up to a sector; its missing bytes read as zero and a write there extends the file",
        arguments: Way.here)
    func oddSize(_ way: Way) throws {
        let file = TemporaryFile(pattern(1000))
        let image = try RawImage(path: file.path, options: way.options)
        #expect(image.geometry.size == 1024)
        let transfer = Transfer(try image.makeQueue(depth: 8))
        transfer.fill([UInt8](repeating: 0xee, count: 1024))
        #expect(transfer.perform(.read, lengths: [1024]) == nil)
        #expect(transfer.bytes(1024) == pattern(1000) + [UInt8](repeating: 0, count: 24))
        transfer.fill(pattern(512, seed: 9))
        #expect(transfer.perform(.write, offset: 512, lengths: [512]) == nil)
        #expect(file.bytes == pattern(1000).prefix(512) + pattern(512, seed: 9))
    }
}
