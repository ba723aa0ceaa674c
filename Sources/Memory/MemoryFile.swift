internal import CLinux
internal import Glibc
internal import Host

/// The file behind host memory: a memfd, or one that the user named.
final class MemoryFile: Sendable {
    let pageSize: UInt64
    /// Whether it has no content that came from elsewhere.
    let wasEmpty: Bool
    private let descriptor: FileDescriptor

    var rawValue: Int32 { descriptor.rawValue }

    /// Makes or opens the file, of at least `size` bytes; nil if the memory is anonymous.
    init?(_ backing: MemoryBacking, size: UInt64) throws(MemoryError) {
        guard let length = off_t(exactly: size) else { throw .cannotAllocate(count: size, errno: .noMemory) }
        switch backing.source {
        case .anonymous: return nil
        case .memfd(let isSealed):
            descriptor = try MemoryFile.makeMemfd(size: size, backing.hugePageSize, isSealable: isSealed)
            pageSize = backing.hugePageSize ?? HostMemory.smallPageSize
            wasEmpty = true
            guard ftruncate(descriptor.rawValue, length) == 0 else {
                throw .cannotAllocate(count: size, errno: .current)
            }
            if isSealed {
                let seals = Int(APUS_F_SEAL_SHRINK) | Int(APUS_F_SEAL_GROW)
                _ = apus_fcntl(descriptor.rawValue, Int32(APUS_F_ADD_SEALS), seals)
            }
        case .file(let path):
            descriptor = try MemoryFile.open(path, backing)
            pageSize = try MemoryFile.pageSize(descriptor, path)
            let present = try MemoryFile.size(descriptor, path)
            wasEmpty = present == 0
            guard size % pageSize == 0 else { throw .notWholePages(count: size, pageSize: pageSize) }
            if present == 0, !backing.isReadOnly {
                guard ftruncate(descriptor.rawValue, length) == 0 else {
                    throw .cannotSize(path: path, count: size, errno: .current)
                }
            } else if present < size {
                throw .fileTooSmall(path: path, count: present, needed: size)
            }
        }
    }

    private static func makeMemfd(
        size: UInt64, _ hugePageSize: UInt64?, isSealable: Bool
    ) throws(MemoryError) -> FileDescriptor {
        var flags = UInt32(MFD_CLOEXEC)
        if isSealable { flags |= UInt32(MFD_ALLOW_SEALING) }
        if let hugePageSize {
            try HugePages(size: hugePageSize).check(size: size)
            flags |= UInt32(MFD_HUGETLB) | UInt32(hugePageSize.trailingZeroBitCount) << UInt32(MFD_HUGE_SHIFT)
        }
        let number = unsafe apus_memfd_create("apus-ram", flags)
        guard number >= 0 else { throw .cannotAllocate(count: size, errno: .current) }
        return FileDescriptor(owning: number)
    }

    /// Opens the file; in a directory, one without a name, which goes with the last descriptor of it.
    private static func open(_ path: String, _ backing: MemoryBacking) throws(MemoryError) -> FileDescriptor {
        do throws(Errno) {
            if backing.isReadOnly { return try FileDescriptor.open(path, O_RDONLY) }
            do throws(Errno) {
                return try FileDescriptor.open(path, O_RDWR | O_CREAT)
            } catch  where error.rawValue == EISDIR {
                return try nameless(in: path)
            }
        } catch {
            throw .cannotOpen(path: path, errno: error)
        }
    }

    private static func nameless(in directory: String) throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            return try FileDescriptor.open(directory, O_RDWR | Int32(APUS_O_TMPFILE))
        } catch  where error.rawValue == EOPNOTSUPP || error.rawValue == EISDIR {
            // hugetlbfs learned O_TMPFILE late (Linux 6.5): a name, for a moment.
            let path = "\(directory)/apus-ram-\(getpid())-\(apus_gettid())"
            let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL)
            _ = unsafe unlink(path)
            return file
        }
    }

    /// The size of the pages its memory is made of.
    private static func pageSize(_ file: borrowing FileDescriptor, _ path: String) throws(MemoryError) -> UInt64 {
        var kind: UInt = 0
        var blockSize: UInt = 0
        guard unsafe apus_file_system(file.rawValue, &kind, &blockSize) == 0 else {
            throw .cannotOpen(path: path, errno: .current)
        }
        return kind == UInt(APUS_HUGETLBFS) ? UInt64(blockSize) : HostMemory.smallPageSize
    }

    private static func size(_ file: borrowing FileDescriptor, _ path: String) throws(MemoryError) -> UInt64 {
        do throws(Errno) {
            let status = try file.status()
            guard status.st_mode & S_IFMT == S_IFREG else { throw Errno(rawValue: ENODEV) }
            return UInt64(clamping: status.st_size)
        } catch {
            throw .cannotOpen(path: path, errno: error)
        }
    }

    /// Whether its pages are the host's memory, and not a disk's cache.
    var isMemory: Bool {
        var kind: UInt = 0
        var blockSize: UInt = 0
        guard unsafe apus_file_system(rawValue, &kind, &blockSize) == 0 else { return false }
        return kind == UInt(APUS_TMPFS) || kind == UInt(APUS_HUGETLBFS)
    }
}
