package import CLinux
internal import Glibc

/// An open file descriptor, owned: it is closed exactly once, when its owner lets go of it.
///
/// Everything Apus opens is close-on-exec. Calls are retried when a signal interrupts them; nothing else is hidden.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The number, borrowed: valid only while this value lives.
    package let rawValue: Int32

    /// Takes ownership of an open descriptor.
    package init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit { _ = Glibc.close(rawValue) }

    /// Gives the number up without closing it.
    package consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }

    /// Opens `path` with `O_CLOEXEC` added to `flags`.
    package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try Errno.retry { unsafe apus_open(path, flags | O_CLOEXEC, mode_t(mode)) })
    }

    /// `path` from the root on, so that it means the same after a change of the working directory.
    package static func absolutePath(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        var buffer = [CChar](repeating: 0, count: 4096)
        // Fails where the directory is gone or its name too long; then the path stays what it was.
        guard let directory = unsafe getcwd(&buffer, buffer.count) else { return path }
        return unsafe String(cString: directory) + "/" + path
    }

    /// A second descriptor of the same open file.
    package func duplicate() throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try Errno.check(apus_fcntl(rawValue, F_DUPFD_CLOEXEC, 3)))
    }

    package func setNonBlocking(_ on: Bool = true) throws(Errno) {
        let flags = try Errno.check(apus_fcntl(rawValue, F_GETFL, 0))
        try Errno.check(apus_fcntl(rawValue, F_SETFL, Int(on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK)))
    }

    /// File type, size and device numbers.
    package func status() throws(Errno) -> stat {
        var result = stat()
        try Errno.check(unsafe fstat(rawValue, &result))
        return result
    }

    /// One `read(2)`: the number of bytes that came, 0 at the end of the file.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try Errno.retry { unsafe Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
    }

    /// One `write(2)`: the number of bytes that went.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try Errno.retry { unsafe Glibc.write(rawValue, bytes.baseAddress, bytes.count) }
    }

    /// Reads exactly `buffer.count` bytes at `offset`, or fewer only where the file ends.
    package func readFully(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Errno) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            guard let position = off_t(exactly: offset &+ UInt64(done)) else { throw .invalid }
            let count = try Errno.retry { unsafe pread(rawValue, rest.baseAddress, rest.count, position) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Up to `count` bytes at `offset`; fewer where the file ends.
    package func bytes(at offset: UInt64, count: Int) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(Errno) {
                initialized = unsafe try readFully(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return result
    }
}
