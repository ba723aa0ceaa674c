package import Host

/// Why a character back end could not be made.
package enum CharacterError: Error, Equatable, Sendable, CustomStringConvertible {
    case cannotOpen(path: String, errno: Errno)
    case cannotUseStandardStream(name: String, errno: Errno)
    case noPseudoTerminal(errno: Errno)
    case socket(SocketError)
    /// The loop could not take one more descriptor.
    case cannotWatch(name: String, errno: Errno)
    /// A ring buffer of a size that is no power of two, or too large.
    case wrongRingSize(Int)
    /// The wait for the first client was cut off, by a signal.
    case interrupted

    package var description: String {
        switch self {
        case .cannotOpen(let path, let errno):
            "Cannot open '\(path)' for a character device: \(errno)."
        case .cannotUseStandardStream(let name, let errno):
            "Cannot use \(name) as a character device: \(errno)."
        case .noPseudoTerminal(let errno):
            "Cannot make a pseudo-terminal: \(errno); is /dev/pts mounted?"
        case .socket(let error):
            error.description
        case .cannotWatch(let name, let errno):
            "Cannot wait for events of \(name): \(errno)."
        case .wrongRingSize(let size):
            "A ring buffer of \(size) bytes is not possible; its size is a power of two from 1 to 67108864."
        case .interrupted:
            "The wait for a client ended before one came."
        }
    }
}
