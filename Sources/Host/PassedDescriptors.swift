internal import Glibc

/// File descriptors that came over a unix socket and wait for a command that names them (QMP `getfd`).
///
/// Owns them: what nobody takes is closed with this value. At most `limit` wait; when more come the oldest are closed,
/// so a peer cannot use up the process's descriptors.
package struct PassedDescriptors: ~Copyable, Sendable {
    package static let limit = 16

    private var numbers: [Int32] = []

    package init() {}

    deinit { for number in numbers { _ = close(number) } }

    package var count: Int { numbers.count }

    /// Takes ownership of an open descriptor.
    package mutating func add(_ number: Int32) {
        if numbers.count >= PassedDescriptors.limit { _ = close(numbers.removeFirst()) }
        numbers.append(number)
    }

    /// The one that came first, if any; the caller owns it.
    package mutating func take() -> FileDescriptor? {
        numbers.isEmpty ? nil : FileDescriptor(owning: numbers.removeFirst())
    }
}
