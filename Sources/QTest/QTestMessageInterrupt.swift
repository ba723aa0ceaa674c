internal import Bus
internal import Synchronization

/// A message interrupt as the bus sees it: a write.
final class QTestMessageInterrupt: MessageInterrupt {
    private let message = Mutex<InterruptMessage?>(nil)
    private let send: @Sendable (InterruptMessage) -> Void

    init(_ send: @escaping @Sendable (InterruptMessage) -> Void) { self.send = send }

    func route(_ message: InterruptMessage?) { self.message.withLock { $0 = message } }

    func signal() {
        guard let message = message.withLock({ $0 }) else { return }
        send(message)
    }

    /// None: nothing in the kernel could raise it.
    var eventDescriptor: Int32? { nil }
}
