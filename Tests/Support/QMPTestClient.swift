package import Host
package import JSON
package import QMP
internal import Synchronization

/// A QMP client inside this process: its session's other end, without a socket.
///
/// Replies are there when `send` returns, as the session answers on the thread that brings it input.
package final class QMPTestClient {
    private final class Inbox: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    package let session: Session
    private let inbox = Inbox()
    private var messages = QMPMessages()

    /// Connects, and leaves negotiation unless told not to.
    ///
    /// - Parameter descriptors: what the client passes along, one for each call.
    package init(
        _ monitor: Monitor, negotiates: Bool = true, descriptors: @escaping @Sendable () -> FileDescriptor? = { nil }
    ) {
        let inbox = inbox
        session = monitor.makeSession(descriptors: descriptors) { bytes in inbox.bytes.withLock { $0 += bytes } }
        session.opened()
        guard negotiates else { return }
        send(#"{"execute": "qmp_capabilities"}"#)
        _ = take()
    }

    package func send(_ text: String) { send(Array(text.utf8)) }
    package func send(_ bytes: [UInt8]) { session.received(bytes) }

    /// Every message since the last question.
    package func take() -> [JSON] {
        let bytes = inbox.bytes.withLock { bytes in
            defer { bytes = [] }
            return bytes
        }
        return messages.feed(bytes)
    }

    /// Lines that were not as QMP's lines are.
    package var malformed: [String] { messages.malformed + (messages.unfinished > 0 ? ["(unfinished)"] : []) }

    /// Sends a command; everything it brought, the reply last.
    package func execute(_ name: String, _ arguments: JSON? = nil) -> [JSON] {
        var message: JSONObject = ["execute": .string(name)]
        message["arguments"] = arguments
        send(JSON.object(message).bytes())
        return take()
    }

    /// What a command returned; nil if it failed.
    package func result(_ name: String, _ arguments: JSON? = nil) -> JSON? { execute(name, arguments).last?["return"] }

    /// A command's error: class and description.
    package func failure(_ name: String, _ arguments: JSON? = nil) -> (errorClass: String, text: String)? {
        guard let error = execute(name, arguments).last?["error"] else { return nil }
        return (error["class"]?.stringValue ?? "", error["desc"]?.stringValue ?? "")
    }
}
