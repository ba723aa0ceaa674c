internal import CLinux
internal import Glibc

/// A file that can be opened for writing and read, and whose writes fail with EPERM: memory with a seal.
package final class UnwritableFile: Sendable {
    private let descriptor: Int32

    package init(size: Int) {
        // MFD_CLOEXEC and MFD_ALLOW_SEALING; then F_ADD_SEALS with F_SEAL_WRITE.
        descriptor = unsafe apus_memfd_create("apus-test", 3)
        _ = ftruncate(descriptor, off_t(size))
        _ = apus_fcntl(descriptor, 1033, 8)
    }

    deinit { _ = close(descriptor) }

    package var path: String { "/proc/self/fd/\(descriptor)" }
}
