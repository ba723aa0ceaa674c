internal import Configuration

// Each back end's properties, and its value from them.
extension CharacterBackendConfiguration {
    private static let path = Property.string("path", "the file, FIFO or socket")
    private static let append = Property.boolean("append", default: false, "keep what the file holds")
    private static let input = Property.string("input-path", "a file the guest reads from")
    private static let signal = Property.boolean("signal", default: true, "Ctrl-C reaches the process")
    private static let size = Property.size("size", in: 1...(1 << 30), default: 64 << 10, "bytes kept")

    private static let host = Property.string("host", "the address")
    private static let port = Property.integer("port", in: 0...65_535, "the TCP port")
    private static let descriptor = Property.string("fd", "an open socket")
    private static let server = Property.boolean("server", default: false, "listen")
    private static let wait = Property.boolean("wait", "hold the start until someone connects")
    private static let reconnect = Property.integer("reconnect", in: 0...86_400, default: 0, "seconds between attempts")
    private static let noDelay = Property.boolean("nodelay", default: false, "send small pieces at once")
    private static let delay = Property.boolean("delay", "gather small pieces")

    /// What the back end `name` understands.
    static func schema(of name: String, subject: String) throws(ConfigurationError) -> PropertySchema {
        switch name {
        case "null", "pty": return PropertySchema()
        case "stdio": return PropertySchema(signal)
        case "file": return PropertySchema(path, append, input)
        case "pipe": return PropertySchema(path)
        case "ringbuf": return PropertySchema(size)
        case "socket": return PropertySchema(path, host, port, descriptor, server, wait, reconnect, noDelay, delay)
        default:
            let allowed = "one of " + CharacterText.backends.joined(separator: ", ")
            throw .badValue(subject: subject, name: "backend", given: name, allowed: allowed)
        }
    }

    /// The back end `name`, which `schema(of:)` knows.
    init(named name: String, _ reader: inout PropertyReader) throws(ConfigurationError) {
        switch name {
        case "pty": self = .pty
        case "stdio": self = .stdio(signals: try reader.value(Self.signal))
        case "file":
            self = .file(
                path: try Self.readPath(&reader), appends: try reader.value(Self.append),
                input: try reader.optional(Self.input))
        case "pipe": self = .pipe(path: try Self.readPath(&reader))
        case "ringbuf":
            let bytes = try reader.value(Self.size)
            guard bytes & (bytes - 1) == 0 else { throw reader.refusal(Self.size, allowed: "a power of two") }
            self = .ringBuffer(size: Int(bytes))
        case "socket": self = .socket(try Self.socket(&reader))
        default: self = .null
        }
    }

    private static func readPath(_ reader: inout PropertyReader) throws(ConfigurationError) -> String {
        let text = try reader.value(path)
        guard !text.isEmpty else { throw reader.refusal(path, allowed: "a path") }
        return text
    }

    private static func socket(_ reader: inout PropertyReader) throws(ConfigurationError) -> SocketConfiguration {
        var result = SocketConfiguration(address: try address(&reader))
        result.isServer = try reader.value(server)
        let waits = try reader.optional(wait)
        result.reconnectDelay = try reader.value(reconnect)
        // Bare `nodelay` reaches us whole; `delay=off` is the same, said twice over.
        let delays = try reader.optional(delay)
        let sendsAtOnce = try reader.value(noDelay)
        result.disablesDelay = sendsAtOnce || delays == false
        if result.isServer {
            result.waits = waits ?? true
            guard result.reconnectDelay == 0 else {
                throw .conflict(subject: reader.subject, rule: "'reconnect' is for a client, not with 'server'")
            }
        } else if waits != nil {
            throw .conflict(subject: reader.subject, rule: "'wait' is for a server; it needs 'server=on'")
        }
        return result
    }

    private static func address(
        _ reader: inout PropertyReader
    ) throws(ConfigurationError) -> SocketConfiguration.Address {
        let path = try reader.optional(path)
        let descriptor = try reader.optional(descriptor)
        let host = try reader.optional(host)
        let port = try reader.optional(port)
        switch (path, descriptor, port) {
        case (let path?, nil, nil) where host == nil:
            // sun_path holds 108 bytes with its zero.
            guard (1...107).contains(path.utf8.count) else {
                throw reader.refusal(Self.path, allowed: "a path of 1 to 107 bytes")
            }
            return .unix(path: path)
        case (nil, let descriptor?, nil) where host == nil:
            guard !descriptor.isEmpty else { throw reader.refusal(Self.descriptor, allowed: "an open descriptor") }
            return .descriptor(descriptor)
        case (nil, nil, let port?): return .tcp(host: host ?? "", port: UInt16(port))
        default:
            throw .conflict(subject: reader.subject, rule: "a socket needs one of 'path', 'fd', or 'host' and 'port'")
        }
    }
}
