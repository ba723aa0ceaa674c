internal import CLinux
internal import Glibc

/// A counter in the kernel that wakes an event loop, a vCPU or a vhost thread: the form every notification takes.
///
/// Shared between threads, closed with its last reference. `signal` and `drain` are one system call each.
package final class EventFD: Sendable {
    private let descriptor: FileDescriptor

    /// The descriptor's number, borrowed: valid while this object lives.
    package var fileDescriptor: Int32 { descriptor.rawValue }

    package init() throws(Errno) {
        descriptor = FileDescriptor(owning: try Errno.check(eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))))
    }

    /// Adds one to the counter.
    package func signal() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the reader is woken anyway.
        _ = unsafe Glibc.write(descriptor.rawValue, &one, 8)
    }

    /// Empties the counter; true if it was not empty.
    @discardableResult
    package func drain() -> Bool {
        var count: UInt64 = 0
        return unsafe Glibc.read(descriptor.rawValue, &count, 8) == 8
    }
}
