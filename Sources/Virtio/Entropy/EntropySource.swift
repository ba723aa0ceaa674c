internal import CLinux
package import Host
internal import Glibc

/// Where random bytes come from.
package enum EntropySource: Sendable {
    /// The host kernel's generator (`rng-builtin`).
    case kernel
    /// A file, device or FIFO (`rng-random,filename=`).
    case file(EntropyFile)

    /// What one read gave.
    enum Outcome: Equatable {
        case bytes(Int)
        /// Nothing yet; the descriptor becomes readable.
        case wait(Int32)
        /// Never again.
        case ended
    }

    /// Fills up to `count` bytes at `destination`, guest memory that the kernel writes to.
    func read(into destination: UnsafeMutableRawPointer, _ count: Int) -> Outcome {
        while true {
            let result: Int
            let descriptor: Int32
            switch self {
            case .kernel:
                descriptor = -1
                result = unsafe getrandom(destination, count, 0)
            case .file(let file):
                descriptor = file.descriptor.rawValue
                result = unsafe Glibc.read(descriptor, destination, count)
            }
            if result > 0 { return .bytes(result) }
            if result == 0 { return .ended }
            switch Errno.current {
            case .interrupted: continue
            case .wouldBlock: return .wait(descriptor)
            default: return .ended
            }
        }
    }
}

/// An open source of random bytes.
package final class EntropyFile: Sendable {
    package let path: String
    let descriptor: FileDescriptor

    /// Opens `path` for reading, without waiting for its bytes.
    package init(path: String) throws(EntropyError) {
        self.path = path
        do throws(Errno) { descriptor = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK) } catch {
            throw .cannotOpen(path: path, errno: error)
        }
        var status = stat()
        guard unsafe fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw .isDirectory(path: path)
        }
    }
}

/// Why a source of random bytes cannot be used.
package enum EntropyError: Error, Sendable, Equatable, CustomStringConvertible {
    case cannotOpen(path: String, errno: Errno)
    case isDirectory(path: String)

    package var description: String {
        switch self {
        case .cannotOpen(let path, let errno): "Cannot open '\(path)' for random numbers: \(errno)."
        case .isDirectory(let path): "'\(path)' is a directory; random numbers come from a file or a device."
        }
    }
}
