/// Where a stream socket listens or connects to.
package enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// A file in the file system.
    case unix(path: String)
    /// A name or a numeric address, and a port. An empty host is every local address for a listener, and this machine
    /// for a client; port 0 lets the kernel choose.
    case tcp(host: String, port: UInt16)

    /// As QEMU writes it: `unix:/run/vm.sock`, `tcp:localhost:4444`.
    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
        }
    }
}
