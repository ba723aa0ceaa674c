package import Bus
package import Host

/// # Virtio: one device, any transport
///
/// Three things that know as little as possible of each other:
///
/// ```
///    vCPU accesses          ┌──────────────┐  registers of §4.1 or §4.2
///   ───────────────────────►│  transport   │  (VirtioPCI, VirtioMMIO)
///                           └──────┬───────┘
///                           ┌──────▼───────┐  status, features, queue addresses: what
///                           │ DriverSession│  the transports have in common
///                           └──┬────────▲──┘
///        start: the queue moves│        │moves back: stop
///                           ┌──▼────────┴──┐
///    event loop ───────────►│ VirtioDevice │  (VirtioBlock, VirtioEntropy)
///      kick event           └──────────────┘
/// ```
///
/// The *queue* (`Virtqueue`) is a value that cannot be copied. While it is with the device, the device works on it, on
/// the event loop it was given; while it is not, no one does. So "the device is quiet" is not a promise but a place.
///
/// A *device* knows queues, its feature bits and its configuration space. It does not know registers, interrupts or
/// addresses, and does not notice which transport drives it.
///
/// ## Threads
/// `start`, `stop`, `negotiated` and `reset` come one at a time, on a vCPU thread or the control thread, whatever
/// thread the queues run on. Configuration accesses come from vCPU threads, several at once.
package protocol VirtioDevice: AnyObject, Sendable {
    var identity: VirtioIdentity { get }

    /// The device-specific features it offers.
    var features: VirtioFeatures { get }

    /// The largest size of each of its queues, each a power of two.
    var queueSizes: [UInt16] { get }

    /// Tells the device whom to tell when its configuration changes. Before anything else, once.
    func attach(to transport: any VirtioTransport)

    /// Reads the device-specific configuration space; all ones outside of it.
    func readConfiguration(_ access: Access) -> UInt64

    func writeConfiguration(_ value: UInt64, _ access: Access)

    /// The driver accepted `features` (of those that were offered); before any `start`.
    func negotiated(_ features: VirtioFeatures)

    /// Begins work on queue `index`, which moves into the device.
    ///
    /// There may be chains available already for which no kick will come.
    func start(_ queue: consuming Virtqueue, at index: Int, with port: QueuePort)

    /// Ends work on queue `index`, completes or abandons what is in flight, and gives the queue back with everything
    /// completed published; nil if it was not started.
    ///
    /// When it returns, nothing of the device touches the queue or its buffers. It does not rely on the event loop
    /// turning, which may be the very thread that waits here.
    func stop(_ index: Int) -> Virtqueue?

    /// Back to power-on state, after every queue was stopped.
    func reset()
}

/// What kind of device it is.
package struct VirtioIdentity: Sendable, Equatable {
    /// The virtio device number (virtio 1.2 §5).
    package let device: UInt16
    /// The PCI class code that a virtio-pci function shows.
    package let pciClass: UInt32

    package init(device: UInt16, pciClass: UInt32) {
        self.device = device
        self.pciClass = pciClass
    }

    package static let block = VirtioIdentity(device: 2, pciClass: 0x01_0000)
    package static let entropy = VirtioIdentity(device: 4, pciClass: 0x00_ff00)
}

/// What a device may tell its transport. From any thread.
package protocol VirtioTransport: AnyObject, Sendable {
    /// The configuration space changed: a new generation, and an interrupt if a driver runs.
    func configurationChanged()

    /// The driver broke the rules: sets DEVICE_NEEDS_RESET and interrupts; the machine goes on.
    func needsReset(because error: VirtqueueError)
}

/// What interrupts the driver for one queue.
package protocol QueueInterrupt: AnyObject, Sendable {
    /// Raises it. From any thread; at most one system call.
    func signal()
}

/// What comes with a started queue: how the driver calls, and how to call the driver.
package struct QueuePort: Sendable {
    /// Signalled when the driver kicks.
    package let kick: EventFD
    package let interrupt: any QueueInterrupt
    private weak let transport: (any VirtioTransport)?

    package init(kick: EventFD, interrupt: any QueueInterrupt, transport: any VirtioTransport) {
        self.kick = kick
        self.interrupt = interrupt
        self.transport = transport
    }

    /// Reports that the queue cannot be used any more.
    package func fail(_ error: VirtqueueError) { transport?.needsReset(because: error) }
}
