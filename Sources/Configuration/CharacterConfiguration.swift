/// `-chardev BACKEND,id=ID,…`: a named stream of characters.
package struct CharacterConfiguration: Sendable, Equatable {
    package var identifier: String
    package var backend: CharacterBackendConfiguration
    /// `mux=on`: several front ends share it, `Ctrl-A c` moves between them.
    package var isShared = false
    /// `logfile=`: a copy of everything the guest writes.
    package var log: Log?

    package struct Log: Sendable, Equatable {
        package var path: String
        package var appends: Bool

        package init(path: String, appends: Bool) {
            self.path = path
            self.appends = appends
        }
    }

    package init(identifier: String, backend: CharacterBackendConfiguration, isShared: Bool = false, log: Log? = nil) {
        self.identifier = identifier
        self.backend = backend
        self.isShared = isShared
        self.log = log
    }
}

/// Where a character stream leads.
package enum CharacterBackendConfiguration: Sendable, Equatable {
    case null
    /// - Parameter signals: whether `Ctrl-C` reaches the process instead of the guest.
    case stdio(signals: Bool)
    /// - Parameter input: a second file (a FIFO, say) the guest reads from.
    case file(path: String, appends: Bool, input: String?)
    case pty
    case pipe(path: String)
    /// - Parameter size: bytes kept, a power of two.
    case ringBuffer(size: Int)
    case socket(SocketConfiguration)
}

/// A socket to listen on, or to connect to.
package struct SocketConfiguration: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
        case unix(path: String)
        /// An empty host means any address for a server and this machine for a client.
        case tcp(host: String, port: UInt16)
        /// An inherited descriptor's number, or the name `getfd` gave one; listening already if `isServer`.
        case descriptor(String)
    }
    package var address: Address
    package var isServer: Bool
    /// A server that waits holds the machine's start until someone connects.
    package var waits: Bool
    /// Seconds between attempts of a client; 0 tries once.
    package var reconnectDelay: Int
    package var disablesDelay: Bool

    package init(
        address: Address, isServer: Bool = false, waits: Bool = false, reconnectDelay: Int = 0,
        disablesDelay: Bool = false
    ) {
        self.address = address
        self.isServer = isServer
        self.waits = waits
        self.reconnectDelay = reconnectDelay
        self.disablesDelay = disablesDelay
    }
}

/// What a serial port, monitor or debug console is attached to.
package enum CharacterReference: Sendable, Equatable {
    /// Nothing: the port does not exist.
    case none
    /// A `-chardev` by its id.
    case chardev(String)
    case backend(CharacterBackendConfiguration)
    /// `mon:…`: shared with a human monitor, `Ctrl-A c` moves between them.
    case sharedWithMonitor(CharacterBackendConfiguration)
}

/// `-qmp`, `-monitor`, `-mon`.
package struct MonitorConfiguration: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable { case control, readline }
    package var identifier: String?
    package var channel: CharacterReference
    package var mode: Mode
    package var isPretty: Bool

    package init(
        identifier: String? = nil, channel: CharacterReference, mode: Mode = .control, isPretty: Bool = false
    ) {
        self.identifier = identifier
        self.channel = channel
        self.mode = mode
        self.isPretty = isPretty
    }
}
