package import Host

/// Why an image cannot be used. Each description names the file.
package enum BlockError: Error, Sendable, Equatable, CustomStringConvertible {
    case cannotOpen(path: String, errno: Errno)
    /// Opened for writing, and only reading is allowed.
    case notWritable(path: String, errno: Errno)
    case isDirectory(path: String)
    /// Neither a regular file nor a block device.
    case notADisk(path: String)
    /// The file system refuses `O_DIRECT`.
    case noDirectIO(path: String)
    /// The kernel's asynchronous I/O was asked for without `O_DIRECT`, where it would block.
    case asynchronousNeedsDirect(path: String)
    /// Another process (or another disk of this machine) uses it.
    case locked(path: String, exclusive: Bool)
    case cannotLock(path: String, errno: Errno)
    case cannotMeasure(path: String, errno: Errno)
    /// No asynchronous I/O context; `fs.aio-max-nr` is the usual reason.
    case cannotStartEngine(path: String, errno: Errno)

    package var description: String {
        switch self {
        case .cannotOpen(let path, let errno):
            "Cannot open disk image '\(path)': \(errno)."
        case .notWritable(let path, let errno):
            "Cannot open disk image '\(path)' for writing: \(errno); readonly=on opens it read-only."
        case .isDirectory(let path):
            "Disk image '\(path)' is a directory; a regular file or a block device is needed."
        case .notADisk(let path):
            "Disk image '\(path)' is neither a regular file nor a block device."
        case .noDirectIO(let path):
            "Cannot open disk image '\(path)' with cache.direct=on: the file system may not support O_DIRECT; "
                + "cache=writeback works everywhere."
        case .asynchronousNeedsDirect(let path):
            "Disk image '\(path)' has aio=native, which needs cache.direct=on (cache=none); aio=threads does not."
        case .locked(let path, let exclusive):
            exclusive
                ? "Disk image '\(path)' is in use by another process; write access needs it to be free."
                : "Disk image '\(path)' is being written by another process; a reader needs it without writers."
        case .cannotLock(let path, let errno):
            "Cannot lock disk image '\(path)': \(errno); locking=off does without."
        case .cannotMeasure(let path, let errno):
            "Cannot find the size of disk image '\(path)': \(errno)."
        case .cannotStartEngine(let path, let errno):
            "Cannot start asynchronous I/O for disk image '\(path)': \(errno); "
                + "a higher fs.aio-max-nr or aio=threads may help."
        }
    }
}
