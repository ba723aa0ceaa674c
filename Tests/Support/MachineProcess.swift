internal import CLinux
internal import Glibc
internal import Host

/// A program in a process of its own, for tests that look at it from outside.
///
/// It reads nothing; what it prints goes into files, so that it never waits for its reader. It is killed with this
/// object.
package final class MachineProcess {
    /// How a program ended, and what it printed.
    package struct Outcome: Sendable {
        /// The exit status; 128 and the signal's number for one that a signal ended; nil: it had to be killed after the
        /// test's patience ran out.
        package let status: Int32?
        package let output: String
        package let errors: String
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let identifier: Int32
    private let scratch: TestPipes.Directory
    /// Readable (at its end) once the process is gone: only the process has the other end.
    private let lifeline: FileDescriptor
    private var ended: Int32?

    /// Starts `program`, found by PATH unless it is one.
    package init(_ program: String, _ arguments: [String]) throws {
        scratch = try TestPipes.Directory()
        let (ours, theirs) = try TestPipes.sockets()
        lifeline = FileDescriptor(owning: ours)
        let other = FileDescriptor(owning: theirs)

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let flags = O_CREAT | O_WRONLY | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, scratch.file("output"), flags, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, scratch.file("errors"), flags, 0o600)
        // A number that no test passes, and that no test's own descriptor has.
        unsafe posix_spawn_file_actions_adddup2(&actions, other.rawValue, 900)

        // The copies live until the program runs, which has its own from then on.
        let words = unsafe ([program] + arguments).map { unsafe strdup($0) }
        defer {
            for unsafe word in unsafe words {
                unsafe free(word)
            }
        }
        var process: pid_t = 0
        let result = unsafe posix_spawnp(&process, program, &actions, nil, words + [nil], environ)
        guard result == 0 else {
            throw Failure(description: "\(program) cannot be run: \(Errno(rawValue: result)).")
        }
        identifier = process
    }

    deinit {
        guard ended == nil else { return }
        kill(identifier, SIGKILL)
        reap()
    }

    /// Runs a program to its end.
    package static func run(_ program: String, _ arguments: [String], seconds: Int32 = 60) throws -> Outcome {
        try MachineProcess(program, arguments).outcome(seconds: seconds)
    }

    package var isRunning: Bool {
        if ended != nil { return false }
        return !waitForEnd(milliseconds: 0)
    }

    /// Waits for the end, and kills what has not ended after `seconds`.
    package func outcome(seconds: Int32 = 60) -> Outcome {
        var isOverdue = false
        if ended == nil, !waitForEnd(milliseconds: seconds * 1000) {
            isOverdue = true
            kill(identifier, SIGKILL)
        }
        if ended == nil { reap() }
        return Outcome(status: isOverdue ? nil : ended, output: output, errors: errors)
    }

    /// The status of a process that leaves others behind (`-daemonize`), which keep the lifeline; nil if it stays.
    package func ownStatus(seconds: Int32 = 60) -> Int32? {
        for _ in 0..<seconds * 100 where ended == nil {
            var status: Int32 = 0
            if unsafe waitpid(identifier, &status, WNOHANG) > 0 {
                ended = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
            } else {
                _ = poll(nil, 0, 10)
            }
        }
        return ended
    }

    /// Whether everything that came from this process is gone.
    package func waitForDescendants(seconds: Int32 = 60) -> Bool { waitForEnd(milliseconds: seconds * 1000) }

    package func signal(_ number: Int32) { kill(identifier, number) }

    /// What it has printed so far.
    package var output: String { content("output") }
    package var errors: String { content("errors") }

    private func content(_ name: String) -> String {
        guard let file = try? FileDescriptor.open(scratch.file(name), O_RDONLY), let size = try? file.status().st_size,
            let bytes = try? file.bytes(at: 0, count: Int(size))
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func waitForEnd(milliseconds: Int32) -> Bool {
        var query = pollfd(fd: lifeline.rawValue, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&query, 1, milliseconds) > 0
    }

    private func reap() {
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0 {
            guard Errno.current == .interrupted else { break }
        }
        // As the shell counts: the low seven bits are the signal that ended it.
        ended = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}

extension MachineProcess {
    /// The executable that was built together with these tests.
    package static var apus: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let directory = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return directory + "/apus"
    }
}
