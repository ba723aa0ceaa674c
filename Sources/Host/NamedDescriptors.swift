internal import Glibc
internal import Synchronization

/// Descriptors that a client passed and gave names to (QMP `getfd`), until something that names one takes it.
///
/// Owns them. Thread-safe.
package final class NamedDescriptors: Sendable {
    private let numbers = Mutex<[String: Int32]>([:])

    package init() {}

    deinit { removeAll() }

    /// Keeps `file` under `name`; an earlier one of that name is closed.
    package func keep(_ file: consuming FileDescriptor, as name: String) {
        let number = file.release()
        let old = numbers.withLock { $0.updateValue(number, forKey: name) }
        if let old { _ = close(old) }
    }

    /// Hands the descriptor over: the name is free again.
    package func take(_ name: String) -> FileDescriptor? {
        let number = numbers.withLock { $0.removeValue(forKey: name) }
        guard let number else { return nil }
        return FileDescriptor(owning: number)
    }

    package func removeAll() {
        let all = numbers.withLock { numbers in
            defer { numbers = [:] }
            return numbers
        }
        for number in all.values { _ = close(number) }
    }
}
