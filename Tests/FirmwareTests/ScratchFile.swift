import Firmware
import Glibc
import Host

/// A file without a name, whose contents a test sets as often as it likes.
struct ScratchFile: ~Copyable {
    private let descriptor: FileDescriptor

    init() throws {
        var template = Array("/tmp/apus-firmware-XXXXXX".utf8CString)
        // mkstemp writes the name into our own array.
        let number = try Errno.check(unsafe mkstemp(&template))
        _ = unsafe unlink(template)
        descriptor = FileDescriptor(owning: number)
    }

    /// Replaces the contents and opens them as an image.
    func image(_ bytes: [UInt8], path: String = "image", size: UInt64? = nil) throws -> ImageFile {
        try Errno.check(ftruncate(descriptor.rawValue, 0))
        let number = descriptor.rawValue
        let count = try Errno.check(unsafe bytes.withUnsafeBytes { unsafe pwrite(number, $0.baseAddress, $0.count, 0) })
        guard count == bytes.count else { throw Errno.noSpace }
        // A hole stands for bytes that do not matter.
        if let size { try Errno.check(ftruncate(descriptor.rawValue, off_t(size))) }
        return try ImageFile(descriptor.duplicate(), path: path)
    }

    /// Cuts the file that an image is already open on.
    func truncate(to size: Int) throws { try Errno.check(ftruncate(descriptor.rawValue, off_t(size))) }
}
