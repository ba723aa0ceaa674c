/// The machine's interrupt controller as its wires see it: global system interrupts by number.
package protocol InterruptController: AnyObject, Sendable {
    /// Sets the level of one input. From any thread.
    func set(_ line: UInt32, level: Bool)
}

/// One input of the interrupt controller, given to the device that drives it.
///
/// From any thread. Edge-triggered users `pulse`; level users `set`. A line has one driver; wires that several devices
/// share (PCI INTx) are joined before it.
package struct InterruptLine: Sendable {
    package let number: UInt32
    private let controller: any InterruptController

    package init(number: UInt32, controller: any InterruptController) {
        self.number = number
        self.controller = controller
    }

    package func set(_ level: Bool) { controller.set(number, level: level) }

    package func pulse() {
        set(true)
        set(false)
    }
}

/// What a message-signalled interrupt writes, and where: the guest's choice.
package struct InterruptMessage: Sendable, Hashable {
    package var address: UInt64
    package var data: UInt32

    package init(address: UInt64, data: UInt32) {
        self.address = address
        self.data = data
    }
}

/// One source of message-signalled interrupts, say one MSI-X vector of a device.
///
/// The owner calls `route` when the guest programs the vector and `signal` to raise it. Masking and pending bits are the
/// owner's business.
package protocol MessageInterrupt: AnyObject, Sendable {
    /// Sets where the interrupt goes; nil: nowhere. From any thread.
    func route(_ message: InterruptMessage?)

    /// Raises the interrupt at its current route. From any thread; at most one system call.
    func signal()

    /// An eventfd that raises the interrupt when it is signalled, for kernel back ends (vhost, vfio); nil where the
    /// accelerator has none. Borrowed.
    var eventDescriptor: Int32? { get }
}

/// Makes sources of message-signalled interrupts; implemented by the accelerator.
package protocol MessageInterruptSource: AnyObject, Sendable {
    func makeMessageInterrupt() throws(InterruptError) -> any MessageInterrupt
}

/// Why an interrupt source could not be made.
package enum InterruptError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kernel has no more routes, or refused one.
    case cannotRoute(reason: String)

    package var description: String {
        switch self {
        case .cannotRoute(let reason): "Cannot set up an interrupt route: \(reason)."
        }
    }
}
