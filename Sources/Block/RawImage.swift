internal import CLinux
internal import Glibc
package import Host
internal import Synchronization

/// A raw image: byte *n* of the disk is byte *n* of a regular file or a block device, or of a window of it (`offset` and
/// `size` of a raw node).
///
/// The disk is as large as the file, rounded up to a full sector: the missing bytes of the last sector read as zero,
/// and a write there extends the file to the sector's end.
package final class RawImage: BlockImage {
    package var geometry: BlockGeometry {
        var geometry = shape
        geometry.size = size.load(ordering: .relaxed)
        return geometry
    }

    /// The geometry as it was when the image was opened.
    private let shape: BlockGeometry
    private let size: Atomic<UInt64>
    private let kind: Kind
    private let file: ImageFile
    private let workers: BlockWorkers

    /// Opens `path`, locks it, and learns what it is.
    package convenience init(path: String, options: ImageOptions = ImageOptions()) throws(BlockError) {
        let kind = try RawImage.examine(path)
        let file = try RawImage.open(path, options.isReadOnly ? O_RDONLY : O_RDWR)
        try self.init(file, kind, path: path, again: path, options)
    }

    /// Takes a file that is open already, to read and, unless the image is read-only, to write. `path` is what messages
    /// call it.
    package convenience init(
        _ file: consuming FileDescriptor, path: String, options: ImageOptions = ImageOptions()
    ) throws(BlockError) {
        let status: stat
        do throws(Errno) { status = try file.status() } catch { throw .cannotOpen(path: path, errno: error) }
        let kind = try RawImage.kind(status, path)
        let again = "/proc/self/fd/\(file.rawValue)"
        try self.init(file, kind, path: path, again: again, options)
    }

    /// - Parameter again: how the file can be opened once more, for O_DIRECT, which belongs to an open file and not to
    ///   its descriptors.
    private init(
        _ buffered: consuming FileDescriptor, _ kind: Kind, path: String, again: String, _ options: ImageOptions
    ) throws(BlockError) {
        if options.engine == .native, !options.direct { throw .asynchronousNeedsDirect(path: path) }
        let access = options.isReadOnly ? O_RDONLY : O_RDWR
        let descriptor: FileDescriptor
        var alignment = 1
        if options.direct {
            do throws(Errno) {
                descriptor = try FileDescriptor.open(again, access | Int32(APUS_O_DIRECT))
            } catch {
                throw error == .invalid ? .noDirectIO(path: path) : .cannotOpen(path: path, errno: error)
            }
            guard let found = RawImage.probeAlignment(descriptor) else { throw .noDirectIO(path: path) }
            alignment = found
        } else {
            do throws(Errno) { descriptor = try buffered.duplicate() } catch {
                throw .cannotOpen(path: path, errno: error)
            }
        }
        if options.isLocked { try RawImage.lock(descriptor, path, exclusive: !options.isReadOnly) }

        var shape: BlockGeometry
        do throws(Errno) {
            shape = try RawImage.measure(buffered, kind, isReadOnly: options.isReadOnly)
        } catch {
            throw .cannotMeasure(path: path, errno: error)
        }
        guard options.offset <= shape.size, options.size ?? 0 <= shape.size - options.offset else {
            throw .windowOutside(path: path, size: shape.size)
        }
        shape.size = options.size ?? (shape.size - options.offset)
        self.shape = shape
        self.kind = kind
        size = Atomic(shape.size)
        file = ImageFile(
            path: path, options: options, isBlockDevice: kind == .blockDevice, alignment: alignment,
            descriptor: descriptor,
            buffered: buffered)
        workers = BlockWorkers(limit: 4)
    }

    package var allocatedSize: UInt64? { file.allocatedSize }

    package func makeQueue(depth: Int) throws(BlockError) -> any BlockQueue {
        let engine = try makeEngine(depth: depth)
        return switch file.options.detectZeroes {
        case .off: engine
        case .zero: ZeroDetectingQueue(before: engine, unmap: false)
        case .unmap: ZeroDetectingQueue(before: engine, unmap: true)
        }
    }

    /// A regular file is cut or lengthened; a block device can only be looked at again, after the host changed it.
    package func resize(to size: UInt64) throws(BlockError) {
        guard !shape.isReadOnly else { throw .cannotResize(file.path, .readOnly) }
        guard file.options.size == nil else { throw .cannotResize(file.path, .fixedWindow) }
        do throws(Errno) {
            guard kind == .blockDevice else { return try truncate(to: size) }
            let found = try RawImage.measure(file.descriptor, kind, isReadOnly: false).size
            self.size.store(found - min(found, file.base), ordering: .relaxed)
        } catch {
            throw .cannotResize(file.path, .host(error))
        }
        let found = geometry.size
        guard size <= found else { throw .cannotResize(file.path, .blockDevice(size: found)) }
    }

    private func truncate(to size: UInt64) throws(Errno) {
        let (end, overflow) = size.addingReportingOverflow(file.base + 511)
        guard !overflow else { throw Errno(rawValue: EFBIG) }
        try file.truncate(to: end & ~511)
        self.size.store((end & ~511) - file.base, ordering: .relaxed)
    }

    private func makeEngine(depth: Int) throws(BlockError) -> any BlockQueue {
        do throws(Errno) {
            let threaded = try ThreadedQueue(file: file, workers: workers, depth: depth)
            return switch file.options.engine {
            case .threads: threaded
            case .native: try KernelQueue<AIOContext>(file: file, depth: depth, slow: threaded)
            case .ring: try KernelQueue<IORing>(file: file, depth: depth, slow: threaded)
            }
        } catch {
            throw .cannotStartEngine(path: file.path, errno: error)
        }
    }

    private enum Kind { case regular, blockDevice }

    /// Looks before opening: opening a FIFO would wait, and a tape would rewind.
    private static func examine(_ path: String) throws(BlockError) -> Kind {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .cannotOpen(path: path, errno: .current) }
        return try kind(status, path)
    }

    private static func kind(_ status: stat, _ path: String) throws(BlockError) -> Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .regular
        case S_IFBLK: return .blockDevice
        case S_IFDIR: throw .isDirectory(path: path)
        default: throw .notADisk(path: path)
        }
    }

    private static func open(_ path: String, _ access: Int32) throws(BlockError) -> FileDescriptor {
        do throws(Errno) { return try FileDescriptor.open(path, access) } catch {
            let isWriteRefused = error == .accessDenied || error == .notPermitted || error.rawValue == EROFS
            if access == O_RDWR, isWriteRefused, unsafe Glibc.access(path, R_OK) == 0 {
                throw .notWritable(path: path, errno: error)
            }
            throw .cannotOpen(path: path, errno: error)
        }
    }

    private static func lock(
        _ descriptor: borrowing FileDescriptor, _ path: String, exclusive: Bool
    ) throws(BlockError) {
        guard apus_lock_file(descriptor.rawValue, exclusive ? 1 : 0) < 0 else { return }
        let error = Errno.current
        if error == .wouldBlock || error == .accessDenied { throw .locked(path: path, exclusive: exclusive) }
        throw .cannotLock(path: path, errno: error)
    }

    private static func measure(
        _ descriptor: borrowing FileDescriptor, _ kind: Kind, isReadOnly: Bool
    ) throws(Errno) -> BlockGeometry {
        switch kind {
        case .regular:
            let size = UInt64(clamping: try descriptor.status().st_size)
            return BlockGeometry(size: (size &+ 511) & ~511, isReadOnly: isReadOnly)
        case .blockDevice:
            var size: UInt64 = 0
            var logical: Int32 = 512
            var physical: UInt32 = 512
            try Errno.check(unsafe apus_block_device_size(descriptor.rawValue, &size))
            try Errno.check(unsafe apus_block_device_sectors(descriptor.rawValue, &logical, &physical))
            return BlockGeometry(
                size: size & ~511, logicalBlockSize: UInt32(clamping: logical), physicalBlockSize: physical,
                isReadOnly: isReadOnly)
        }
    }

    /// The smallest unit that O_DIRECT accepts here, found by trying; nil if it accepts none.
    ///
    /// Some file systems take the flag and refuse the I/O, so a successful open proves nothing.
    private static func probeAlignment(_ descriptor: borrowing FileDescriptor) -> Int? {
        let largest = 65536
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: largest, alignment: largest)
        defer { unsafe buffer.deallocate() }
        for unit in [512, 4096, largest] {
            // The address is aligned to the unit and to no more, so that it is probed too.
            let start = unsafe unit < largest ? buffer + unit : buffer
            let count = unsafe pread(descriptor.rawValue, start, unit, 0)
            if count >= 0 { return unit }
            // An unreadable first block is the guest's to find.
            if Errno.current != .invalid { return unit }
        }
        return nil
    }
}
