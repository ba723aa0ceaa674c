internal import CLinux
package import Bus
internal import Host
internal import Synchronization

/// A message-signalled interrupt.
///
/// A device of ours raises it by `KVM_SIGNAL_MSI`: one call, as fast as writing an eventfd (0.25–0.3 µs measured for
/// either), and it needs nothing in the kernel beforehand, so that programming a vector costs nothing. Only when a
/// kernel back end asks for an eventfd do we take a route and attach one, for good.
///
/// While there is no route the eventfd is detached: what is signalled then stays in its counter, and KVM raises it when
/// the eventfd is attached again.
final class KVMMessageInterrupt: MessageInterrupt {
    private struct Attachment {
        let event: EventFD
        let number: UInt32
        var isAttached = false
    }

    private struct State {
        var message: InterruptMessage?
        var attachment: Attachment?
    }

    private let file: KVMFile
    private let routes: InterruptRoutes
    private let state = Mutex(State())

    init(_ file: KVMFile, routes: InterruptRoutes) {
        self.file = file
        self.routes = routes
    }

    deinit {
        state.withLock { state in
            guard let attachment = state.attachment else { return }
            if attachment.isAttached { attach(attachment, false) }
            routes.release(attachment.number)
        }
    }

    func route(_ message: InterruptMessage?) {
        state.withLock { state in
            state.message = message
            update(&state)
        }
    }

    func signal() {
        guard let message = state.withLock({ $0.message }) else { return }
        var signal = kvm_msi()
        signal.address_lo = UInt32(truncatingIfNeeded: message.address)
        signal.address_hi = UInt32(truncatingIfNeeded: message.address >> 32)
        signal.data = message.data
        // A message to an APIC that does not exist goes nowhere, as on a real bus.
        _ = try? file.call(APUS_KVM_SIGNAL_MSI, with: &signal)
    }

    var eventDescriptor: Int32? {
        state.withLock { state in
            if let attachment = state.attachment { return attachment.event.fileDescriptor }
            guard let event = try? EventFD(), let number = routes.allocate() else { return nil }
            state.attachment = Attachment(event: event, number: number)
            update(&state)
            return event.fileDescriptor
        }
    }

    /// Brings the kernel in line with the message. The message is the guest's; one that KVM refuses goes nowhere.
    private func update(_ state: inout State) {
        guard var attachment = state.attachment else { return }
        var isRouted = false
        if let message = state.message {
            isRouted = (try? routes.set(attachment.number, to: message)) != nil
        }
        if attachment.isAttached != isRouted, attach(attachment, isRouted) {
            attachment.isAttached = isRouted
            state.attachment = attachment
        }
    }

    @discardableResult
    private func attach(_ attachment: Attachment, _ on: Bool) -> Bool {
        var request = kvm_irqfd()
        request.fd = UInt32(bitPattern: attachment.event.fileDescriptor)
        request.gsi = attachment.number
        request.flags = on ? 0 : UInt32(KVM_IRQFD_FLAG_DEASSIGN)
        return (try? file.call(APUS_KVM_IRQFD, with: &request)) != nil
    }
}

extension KVMMachine {
    package func makeMessageInterrupt() throws(InterruptError) -> any MessageInterrupt {
        KVMMessageInterrupt(file, routes: routes)
    }

    /// Sets the level of a pin of the interrupt chips.
    package func set(_ line: UInt32, level: Bool) {
        var request = kvm_irq_level()
        request.irq = line
        request.level = level ? 1 : 0
        // Fails only for a number without a route, which has no one to tell.
        _ = try? file.call(APUS_KVM_IRQ_LINE, with: &request)
    }
}
