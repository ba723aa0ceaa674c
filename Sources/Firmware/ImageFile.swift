import CLinux
import Glibc
package import Host
package import Memory

/// A kernel or initrd on the host's disk: open, measured once, never read whole.
///
/// The loaders read headers of a few KiB through `bytes(at:count:what:)` and let the bulk go from the file straight
/// into guest memory. The file stays open, so that a reset loads the same file again although its path may be gone.
/// Safe from any thread.
package final class ImageFile: Sendable {
    /// The path as the user gave it, for messages.
    package let path: String
    /// Bytes in the file when it was opened. A file that shrinks later gives an error, one that grows is not noticed.
    package let size: UInt64
    private let descriptor: FileDescriptor

    /// Opens a regular file or a block device that is not empty.
    package convenience init(path: String) throws(FirmwareError) {
        let descriptor: FileDescriptor
        do throws(Errno) {
            // Without O_NONBLOCK, a FIFO would hold us here until somebody opens its other end.
            descriptor = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch {
            throw .cannotOpen(file: path, errno: error)
        }
        try self.init(descriptor, path: path)
    }

    /// Takes an open descriptor; `path` is what messages call it.
    package init(_ descriptor: consuming FileDescriptor, path: String) throws(FirmwareError) {
        let size = try Self.size(of: descriptor, path)
        guard size > 0 else { throw .empty(file: path) }
        self.path = path
        self.size = size
        self.descriptor = descriptor
    }

    /// Exactly `count` bytes at `offset`; a file that ends before is reported as truncated in `what`.
    ///
    /// `count` must be bounded by the caller: it is allocated.
    package func bytes(at offset: UInt64, count: Int, what: String) throws(FirmwareError) -> [UInt8] {
        let needed = offset.addingReportingOverflow(UInt64(max(0, count)))
        guard !needed.overflow, needed.partialValue <= size else {
            throw .truncated(file: path, what: what, needed: needed.overflow ? .max : needed.partialValue, size: size)
        }
        let result: [UInt8]
        do throws(Errno) {
            result = try descriptor.bytes(at: offset, count: max(0, count))
        } catch {
            throw .cannotRead(file: path, offset: offset, errno: error)
        }
        // The file can have shrunk since it was measured.
        guard result.count == count else {
            throw .truncated(file: path, what: what, needed: needed.partialValue, size: offset + UInt64(result.count))
        }
        return result
    }

    /// The first `count` bytes, or all of a shorter file.
    package func head(count: Int) throws(FirmwareError) -> [UInt8] {
        try bytes(at: 0, count: Int(min(UInt64(count), size)), what: "its beginning")
    }

    /// Reads `range.count` bytes at `offset` into guest memory.
    package func load(_ range: GuestRange, of memory: GuestMemory, from offset: UInt64) throws(FirmwareError) {
        do throws(MemoryError) {
            try memory.read(range, from: descriptor, at: offset)
        } catch {
            switch error {
            case .endOfFile(let missing):
                let needed = offset &+ range.count
                throw .truncated(file: path, what: "what is to be loaded", needed: needed, size: needed &- missing)
            case .cannotRead(let errno):
                throw .cannotRead(file: path, offset: offset, errno: errno)
            default:
                throw .cannotWrite(what: path, error)
            }
        }
    }

    /// The size of what can be read at fixed offsets; throws `notAFile` for anything else.
    private static func size(of file: borrowing FileDescriptor, _ path: String) throws(FirmwareError) -> UInt64 {
        let type: mode_t
        let end: off_t
        do throws(Errno) {
            type = try file.status().st_mode & S_IFMT
            // Not st_size, which is 0 for a block device. A pipe has no end to seek to; it is refused below.
            end = type == S_IFREG || type == S_IFBLK ? try Errno.check(lseek(file.rawValue, 0, SEEK_END)) : 0
        } catch {
            throw .cannotOpen(file: path, errno: error)
        }
        switch type {
        case S_IFREG, S_IFBLK: return UInt64(end)
        case S_IFDIR: throw .notAFile(file: path, found: "a directory")
        case S_IFIFO: throw .notAFile(file: path, found: "a pipe")
        case S_IFSOCK: throw .notAFile(file: path, found: "a socket")
        default: throw .notAFile(file: path, found: "a character device")
        }
    }
}
