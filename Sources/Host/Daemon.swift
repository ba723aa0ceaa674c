internal import CLinux
internal import Glibc

/// A process on its way into the background (`-daemonize`).
///
/// Whoever starts a daemon wants to know when it is ready, and to see what keeps it from becoming so:
///
/// ```
///   parent                    daemon
///   begin() ── fork, fork ──► begin() returns
///     │ waits                 opens, listens, builds the machine; stderr is still the parent's
///     │ ◄──────── one byte ── becomeReady(): stdio becomes /dev/null
///   exit 0                    serves
///     │ ◄──── end of file ─── exit 1, after a sentence on stderr
///   exit 1
/// ```
///
/// `fork` copies the calling thread alone, with whatever locks others held. So `begin` comes before anything that starts
/// a thread: the first act of the program once its command line is read. (The alternative, running the executable
/// anew, would find descriptors and a command line to hand over, for no gain as long as there is one thread.)
package struct Daemon: ~Copyable, Sendable {
    /// Written to once; closed by the kernel if this process ends before.
    private let parent: FileDescriptor

    /// Forks. Returns in the daemon only: in a session of its own, with no way to get a terminal. The parent waits for
    /// `becomeReady` and exits.
    package static func begin() throws(Errno) -> Daemon {
        var ends: [Int32] = [-1, -1]
        try Errno.check(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends))
        let reading = FileDescriptor(owning: ends[0])
        let writing = FileDescriptor(owning: ends[1])
        if try Errno.check(apus_fork()) > 0 {
            // Ours must not keep the stream open that the daemon's end shall end.
            _ = Glibc.close(writing.release())
            waitAndExit(reading)
        }
        _ = setsid()
        // A session's leader could be given a terminal by opening one; its child cannot.
        if try Errno.check(apus_fork()) > 0 { _exit(0) }
        _ = umask(0o027)
        return Daemon(parent: writing)
    }

    /// Lets the parent exit with success. From here on there is no terminal to speak to: standard input, output and
    /// error are `/dev/null`, and the working directory holds no file system busy.
    package consuming func becomeReady() throws(Errno) {
        try Errno.check(unsafe chdir("/"))
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        for number: Int32 in 0...2 { try Errno.check(dup2(null.rawValue, number)) }
        var status: UInt8 = 0
        // A parent that was killed meanwhile does not matter.
        _ = unsafe apus_send(parent.rawValue, &status, 1)
    }

    private static func waitAndExit(_ daemon: consuming FileDescriptor) -> Never {
        var status: UInt8 = 1
        while unsafe read(daemon.rawValue, &status, 1) < 0, Errno.current == .interrupted {}
        _exit(Int32(status))
    }
}
