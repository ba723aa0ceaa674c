internal import CLinux
internal import Glibc
internal import Synchronization

/// `-pidfile`: a file with this process's id, locked while the process lives.
///
/// The lock is what tells a running machine from one that was killed and left its file behind: the next one takes the
/// file over. `remove` deletes it, unless somebody else has put another in its place meanwhile.
package final class PIDFile: Sendable {
    private let path: String
    private let file: FileDescriptor
    private let isThere = Mutex(true)

    /// Creates `path`, or takes over one that nobody has locked. In the process whose id it shall hold: after `Daemon`'s
    /// forks.
    package init(_ path: String) throws(PIDFileError) {
        self.path = FileDescriptor.absolutePath(path)
        do throws(Errno) {
            var file = try PIDFile.openLocked(path)
            // Between our opening and locking its last owner may have deleted it; then a new one is made.
            while try !PIDFile.isSame(file, path) { file = try PIDFile.openLocked(path) }
            try Errno.check(ftruncate(file.rawValue, 0))
            var text = "\(getpid())\n"
            let count = text.utf8.count
            // The string's bytes are read inside the call.
            let written = try Errno.retry { text.withUTF8 { unsafe write(file.rawValue, $0.baseAddress, $0.count) } }
            guard written == count else { throw .noSpace }
            self.file = file
        } catch {
            throw error == .wouldBlock ? .inUse(path: path) : .cannotWrite(path: path, errno: error)
        }
    }

    /// Deletes the file. Idempotent.
    package func remove() {
        let wasThere = isThere.withLock { isThere in
            defer { isThere = false }
            return isThere
        }
        // A device that was given as pid file stays.
        guard wasThere, let kind = try? file.status().st_mode & S_IFMT, kind == S_IFREG else { return }
        if (try? PIDFile.isSame(file, path)) == true { _ = unsafe unlink(path) }
    }

    private static func openLocked(_ path: String) throws(Errno) -> FileDescriptor {
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_NOCTTY, mode: 0o644)
        if apus_lock_file(file.rawValue, 1) < 0 {
            // fcntl(2) may say either when somebody else has the lock.
            throw Errno.current == .accessDenied ? .wouldBlock : .current
        }
        return file
    }

    private static func isSame(_ file: borrowing FileDescriptor, _ path: String) throws(Errno) -> Bool {
        let ours = try file.status()
        var there = stat()
        guard unsafe stat(path, &there) == 0 else { return false }
        return ours.st_dev == there.st_dev && ours.st_ino == there.st_ino
    }
}

/// Why a pid file could not be had.
package enum PIDFileError: Error, Equatable, Sendable, CustomStringConvertible {
    case inUse(path: String)
    case cannotWrite(path: String, errno: Errno)

    package var description: String {
        switch self {
        case .inUse(let path): "-pidfile: '\(path)' is locked by another process; each machine needs a file of its own."
        case .cannotWrite(let path, let errno): "-pidfile: Cannot write '\(path)': \(errno)."
        }
    }
}
