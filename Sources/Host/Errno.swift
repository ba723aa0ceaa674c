internal import CLinux
internal import Glibc

/// A system call's error number.
///
/// `description` is the C library's sentence for it, so that messages read as a user knows them
/// ("No such file or directory").
package struct Errno: Error, RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// The calling thread's current `errno`.
    package static var current: Errno { Errno(rawValue: apus_errno()) }

    package static let notFound = Errno(rawValue: ENOENT)
    package static let interrupted = Errno(rawValue: EINTR)
    package static let wouldBlock = Errno(rawValue: EAGAIN)
    package static let notPermitted = Errno(rawValue: EPERM)
    package static let accessDenied = Errno(rawValue: EACCES)
    package static let exists = Errno(rawValue: EEXIST)
    package static let invalid = Errno(rawValue: EINVAL)
    package static let noMemory = Errno(rawValue: ENOMEM)
    package static let noSpace = Errno(rawValue: ENOSPC)
    package static let ioError = Errno(rawValue: EIO)

    package var description: String {
        guard let text = unsafe strerror(rawValue) else { return "Error \(rawValue)" }
        return unsafe String(cString: text)
    }

    /// Turns the usual "-1 means look at errno" result into a thrown error.
    @discardableResult
    package static func check<Result: SignedInteger>(_ result: Result) throws(Errno) -> Result {
        guard result >= 0 else { throw .current }
        return result
    }

    /// `check`, calling again while a signal interrupts the call.
    @discardableResult
    package static func retry<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            let error = Errno.current
            if error != .interrupted { throw error }
        }
    }
}
