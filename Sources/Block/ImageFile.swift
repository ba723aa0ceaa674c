internal import CLinux
internal import Glibc
internal import Host

/// An open image file and the blocking calls on it; every engine stands on this.
///
/// Thread-safe: it has no state but descriptors, and every call names its offset.
final class ImageFile: Sendable {
    let path: String
    let options: ImageOptions
    let isBlockDevice: Bool
    /// What O_DIRECT demands of offsets, lengths and addresses; 1 through the page cache.
    let alignment: Int
    /// As the options say, with O_DIRECT or without.
    let descriptor: FileDescriptor
    /// Where the disk's first byte is in the file.
    var base: UInt64 { options.offset }
    /// The same file through the page cache, for what O_DIRECT would refuse: requests smaller than the host's blocks.
    private let buffered: FileDescriptor

    init(
        path: String, options: ImageOptions, isBlockDevice: Bool, alignment: Int, descriptor: consuming FileDescriptor,
        buffered: consuming FileDescriptor
    ) {
        self.path = path
        self.options = options
        self.isBlockDevice = isBlockDevice
        self.alignment = alignment
        self.descriptor = descriptor
        self.buffered = buffered
    }

    /// The lock goes before the descriptor: it belongs to the open file, which a child process on its way to exec may
    /// hold a moment longer than we do.
    deinit { if options.isLocked { apus_unlock_file(descriptor.rawValue) } }

    /// Whether an offset in the file and a length suit O_DIRECT; addresses are another matter.
    func isAligned(_ offset: UInt64, _ count: UInt64) -> Bool { (offset | count) & UInt64(alignment - 1) == 0 }

    /// Bytes that the file takes on its file system.
    var allocatedSize: UInt64? {
        guard !isBlockDevice, let status = try? buffered.status() else { return nil }
        return UInt64(clamping: status.st_blocks) &* 512
    }

    /// Gives a regular file another length.
    func truncate(to size: UInt64) throws(Errno) {
        guard let size = off_t(exactly: size) else { throw .invalid }
        try Errno.retry { ftruncate(buffered.rawValue, size) }
    }

    /// Whether addresses and lengths of all segments do.
    func isAligned(_ segments: UnsafeBufferPointer<iovec>) -> Bool {
        var bits: UInt = 0
        for unsafe segment in unsafe segments {
            unsafe bits |= UInt(bitPattern: segment.iov_base) | UInt(bitPattern: segment.iov_len)
        }
        return bits & UInt(alignment - 1) == 0
    }

    /// Carries a request out, entirely, on the calling thread. `offset` counts from the disk's first byte.
    func perform(
        _ operation: BlockRequest.Operation, offset: UInt64, count: UInt64, segments: UnsafeBufferPointer<iovec>
    ) -> Errno? {
        let offset = offset &+ base
        do throws(Errno) {
            switch operation {
            case .read, .write:
                let isWrite = if case .write = operation { true } else { false }
                if unsafe transferAtOnce(segments, at: offset, count: count, isWrite: isWrite) { return nil }
                unsafe try transfer(segments, at: offset, isWrite: isWrite)
            case .flush: try flush()
            case .discard: try discard(offset, count)
            case .writeZeroes(let unmap): try writeZeroes(offset, count, unmap: unmap)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Tries with one vectored call; false if that did not do everything, for whatever reason.
    private func transferAtOnce(
        _ segments: UnsafeBufferPointer<iovec>, at offset: UInt64, count: UInt64, isWrite: Bool
    ) -> Bool {
        guard let at = off_t(exactly: offset), isAligned(offset, count), unsafe isAligned(segments) else {
            return false
        }
        let vectors = Int32(clamping: segments.count)
        let moved =
            unsafe isWrite
            ? pwritev(descriptor.rawValue, segments.baseAddress, vectors, at)
            : preadv(descriptor.rawValue, segments.baseAddress, vectors, at)
        return moved >= 0 && UInt64(moved) == count
    }

    /// Reads or writes through the page cache until everything is done.
    ///
    /// The page cache even for an O_DIRECT image: what comes here is what O_DIRECT did only in part or would refuse.
    /// The kernel keeps the two views of the file coherent.
    private func transfer(_ segments: UnsafeBufferPointer<iovec>, at offset: UInt64, isWrite: Bool) throws(Errno) {
        var position = offset
        for unsafe segment in unsafe segments {
            var done = 0
            while unsafe done < segment.iov_len {
                guard let base = unsafe segment.iov_base, let at = off_t(exactly: position) else { throw .invalid }
                let rest = unsafe segment.iov_len - done
                let moved = try Errno.retry {
                    unsafe isWrite
                        ? pwrite(buffered.rawValue, base + done, rest, at)
                        : pread(buffered.rawValue, base + done, rest, at)
                }
                if moved == 0 {
                    if isWrite { throw .ioError }
                    // Behind the end of a file that is not a multiple of 512 the disk reads as zero.
                    unsafe memset(base + done, 0, rest)
                    done += rest
                    position &+= UInt64(rest)
                    continue
                }
                done += moved
                position &+= UInt64(moved)
            }
        }
    }

    private func flush() throws(Errno) {
        if options.noFlush { return }
        try Errno.retry { fdatasync(descriptor.rawValue) }
    }

    /// A hint: a file system that cannot do it has not failed.
    private func discard(_ offset: UInt64, _ count: UInt64) throws(Errno) {
        guard options.discard == .unmap else { return }
        do throws(Errno) {
            if isBlockDevice {
                try Errno.retry { apus_block_device_discard(descriptor.rawValue, offset, count) }
            } else {
                try punch(offset, count, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
            }
        } catch {
            guard ImageFile.isUnsupported(error) else { throw error }
        }
    }

    private func writeZeroes(_ offset: UInt64, _ count: UInt64, unmap: Bool) throws(Errno) {
        do throws(Errno) {
            if isBlockDevice {
                try Errno.retry { apus_block_device_zero(descriptor.rawValue, offset, count) }
            } else if unmap, options.discard == .unmap {
                try punch(offset, count, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
            } else {
                try punch(offset, count, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE)
            }
        } catch {
            guard ImageFile.isUnsupported(error) else { throw error }
            try writeZeroBytes(offset, count)
        }
    }

    private func punch(_ offset: UInt64, _ count: UInt64, _ mode: Int32) throws(Errno) {
        guard let start = off_t(exactly: offset), let length = off_t(exactly: count) else { throw .invalid }
        try Errno.retry { apus_fallocate(descriptor.rawValue, mode, start, length) }
    }

    /// Where nothing else is supported, zeros are written.
    private func writeZeroBytes(_ offset: UInt64, _ count: UInt64) throws(Errno) {
        let zeros = [UInt8](repeating: 0, count: Int(min(count, 1 << 20)))
        var done: UInt64 = 0
        while done < count {
            guard let at = off_t(exactly: offset &+ done) else { throw .invalid }
            let piece = Int(min(count - done, UInt64(zeros.count)))
            let moved = try Errno.retry {
                unsafe zeros.withUnsafeBytes { unsafe pwrite(buffered.rawValue, $0.baseAddress, piece, at) }
            }
            if moved == 0 { throw .ioError }
            done += UInt64(moved)
        }
    }

    private static func isUnsupported(_ error: Errno) -> Bool {
        error.rawValue == EOPNOTSUPP || error.rawValue == ENOTTY || error.rawValue == ENOSYS || error == .invalid
    }
}
