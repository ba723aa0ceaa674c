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
    /// `offset` and `size` name bytes that the file does not have.
    case windowOutside(path: String, size: UInt64)
    /// The size stays what it is; without a path for an image that has no file.
    case cannotResize(String?, ResizeObstacle)

    /// Why a disk keeps its size.
    package enum ResizeObstacle: Sendable, Equatable {
        case unsupported
        case readOnly
        /// `size=` of a raw node fixed it.
        case fixedWindow
        /// A block device is as large as the host made it.
        case blockDevice(size: UInt64)
        case host(Errno)
    }

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
        case .windowOutside(let path, let size):
            "The 'offset' and 'size' of the raw node reach past the \(size) bytes of '\(path)'."
        case .cannotResize(let path, let obstacle):
            "Cannot resize \(path.map { "disk image '\($0)'" } ?? "the disk"): \(obstacle)."
        }
    }
}

extension BlockError.ResizeObstacle: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unsupported: "its driver has no way to"
        case .readOnly: "it is read-only"
        case .fixedWindow: "the 'size' of its raw node is fixed"
        case .blockDevice(let size): "it is a block device, of \(size) bytes, which only the host can make larger"
        case .host(let errno): "\(errno)"
        }
    }
}
