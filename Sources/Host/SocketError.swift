/// Why a socket could not be made.
package enum SocketError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kernel takes at most 107 bytes.
    case pathTooLong(path: String)
    /// A unix socket without a path.
    case pathMissing
    /// Somebody listens there.
    case inUse(SocketAddress)
    /// There is a file of another kind where the socket should be.
    case notASocket(path: String)
    case unknownHost(host: String, reason: String)
    case cannotListen(SocketAddress, errno: Errno)
    case cannotConnect(SocketAddress, errno: Errno)
    /// A descriptor the user passed is not what it has to be.
    case wrongDescriptor(number: Int32, expected: String)

    package var description: String {
        switch self {
        case .pathTooLong(let path):
            "The socket path '\(path)' is \(path.utf8.count) bytes long; at most 107 are possible."
        case .pathMissing:
            "A unix socket needs a path."
        case .inUse(let address):
            "Cannot listen on \(address): another process listens there."
        case .notASocket(let path):
            "Cannot listen on unix:\(path): a file that is not a socket has that name."
        case .unknownHost(let host, let reason):
            "Cannot find the host '\(host)': \(reason)."
        case .cannotListen(let address, let errno):
            "Cannot listen on \(address): \(errno)."
        case .cannotConnect(let address, let errno):
            "Cannot connect to \(address): \(errno)."
        case .wrongDescriptor(let number, let expected):
            "File descriptor \(number) is not \(expected)."
        }
    }
}
