internal import CLinux
internal import Glibc

/// A file of a test's own, gone with this object. In `/var/tmp`, which is a disk more often than `/tmp`.
package final class TemporaryFile: Sendable {
    package let path: String

    /// Creates a file with `bytes`, or a sparse one of `size`.
    package init(_ bytes: [UInt8] = [], size: Int? = nil) {
        var template = Array("/var/tmp/apus-test-XXXXXX".utf8CString)
        let descriptor = unsafe template.withUnsafeMutableBufferPointer {
            unsafe mkstemp($0.baseAddress.unsafelyUnwrapped)
        }
        path = unsafe template.withUnsafeBufferPointer { unsafe String(cString: $0.baseAddress.unsafelyUnwrapped) }
        guard descriptor >= 0 else { return }
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        if let size { _ = ftruncate(descriptor, off_t(size)) }
        _ = close(descriptor)
    }

    deinit { _ = unsafe unlink(path) }

    package var bytes: [UInt8] {
        let descriptor = unsafe apus_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return [] }
        defer { _ = close(descriptor) }
        var result = [UInt8](repeating: 0, count: size)
        let count = unsafe result.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return Array(result.prefix(max(0, count)))
    }

    package var size: Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : -1
    }

    /// What it takes on its file system.
    package var allocatedBytes: Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_blocks) * 512 : -1
    }
}
