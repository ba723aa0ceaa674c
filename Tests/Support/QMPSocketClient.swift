package import Host
package import JSON

/// A QMP client at a socket.
package final class QMPSocketClient {
    private let socket: FileDescriptor
    /// The loop of the other side, where that lives in this process.
    private let loop: EventLoop?
    private var messages = QMPMessages()
    private var queue: [JSON] = []
    /// Events that came while a reply was waited for.
    package private(set) var events: [JSON] = []

    /// - Parameter loop: where the other end lives in this process: it is turned while there is nothing to read.
    package init(_ socket: consuming FileDescriptor, turning loop: EventLoop? = nil) {
        self.socket = socket
        self.loop = loop
    }

    /// The descriptor, borrowed.
    package var fileDescriptor: Int32 { socket.rawValue }

    package func send(_ text: String) { QMPWire.write(socket.rawValue, Array(text.utf8)) }

    /// The next message, event or not; nil at the end of the stream, or if nothing comes.
    package func next() -> JSON? {
        if let loop {
            _ = loop.turn(until: {
                queue += messages.feed(TestPipes.drain(socket.rawValue))
                return !queue.isEmpty || QMPWire.isEnded(socket.rawValue)
            })
        }
        while queue.isEmpty, loop == nil, let bytes = QMPWire.read(socket.rawValue, seconds: 60) {
            queue += messages.feed(bytes)
        }
        // No conditional expression: JSON takes nil for its null.
        guard !queue.isEmpty else { return Optional<JSON>.none }
        return queue.removeFirst()
    }

    /// The next message that is no event.
    package func reply() -> JSON? {
        while let message = next() {
            guard message["event"] != nil else { return message }
            events.append(message)
        }
        return nil
    }

    /// Reads the greeting and leaves negotiation; whether that worked.
    package func negotiate() -> Bool {
        guard reply()?["QMP"] != nil else { return false }
        return execute("qmp_capabilities") == [:]
    }

    /// What a command returned; nil if it failed or nothing came.
    package func execute(_ name: String, _ arguments: JSON? = nil) -> JSON? {
        var message: JSONObject = ["execute": .string(name)]
        message["arguments"] = arguments
        send(String(decoding: JSON.object(message).bytes(), as: UTF8.self) + "\r\n")
        return reply()?["return"]
    }

    /// Waits for an event; its data.
    package func event(_ name: String) -> JSON? {
        if let index = events.firstIndex(where: { $0["event"]?.stringValue == name }) {
            return events.remove(at: index)["data"] ?? [:]
        }
        while let message = next() {
            if message["event"]?.stringValue == name { return message["data"] ?? [:] }
            events.append(message)
        }
        return nil
    }
}
