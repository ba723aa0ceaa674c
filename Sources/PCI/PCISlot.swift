package import Bus
package import Host
package import Memory
internal import Synchronization

/// A function's side of the framework: its configuration space, and its ways to the rest of the machine.
///
/// A function makes its slot from its layout and keeps it. Until it is plugged the slot is a set of registers that
/// nobody reaches: no memory, no interrupts. All of it may be called from any thread.
///
/// ## Locks
/// `registers` is the one lock of the configuration space; nothing is called while it is held. `wiring` is held while
/// the outside follows the registers (BARs mapped, vectors routed), always from their latest state, so that two vCPUs
/// that write at once cannot leave an old state behind. `interrupt` does the same for the INTx wire. Below them only
/// leaves are called: address spaces, the accelerator, and the registers of bridges above.
package final class PCISlot: Sendable {
    /// The name users gave the device (`id=`), or its driver's.
    package let name: String
    package let layout: PCILayout
    /// Where each of `layout.capabilities` lies in configuration space.
    package let capabilityOffsets: [Int]
    /// The MSI-X vectors and the MSI messages, as many as the layout asks for.
    package let vectors: [MessageVector]
    package let messages: [MessageVector]

    let offsets: CapabilityOffsets
    let registers: Mutex<ConfigurationSpace>
    let wiring = Mutex(Wiring())
    let interrupt = Mutex(InterruptState())
    let connection = AtomicLazyReference<PCIConnection>()
    let msix: MSIX?
    let msi: MSI?
    private let masters = Atomic(false)
    private let vectorsEnabled = Atomic(false)
    private let messagesEnabled = Atomic(false)

    package init(name: String, _ layout: PCILayout) throws(PCIError) {
        self.name = name
        self.layout = layout
        msix = layout.msix.map { MSIX($0) }
        msi = layout.messages > 0 && layout.messages <= 32 ? MSI(messages: layout.messages) : nil
        let builder = try ConfigurationBuilder(name: name, layout, msi: msi)
        offsets = builder.offsets
        capabilityOffsets = builder.offsets.others
        registers = Mutex(builder.space)
        vectors = msix?.vectors ?? []
        messages = msi?.vectors ?? []
    }

    // MARK: What a device uses

    /// Its place on its bus; nil before it is plugged.
    package var address: PCIAddress? { connection.load()?.address }

    /// Guest memory for DMA; nil while the guest has bus mastering off, here or in a bridge above. One atomic load more
    /// than a property: fetch it for every request, do not keep it.
    package var memory: GuestMemory? {
        masters.load(ordering: .acquiring) ? connection.load()?.environment.memory : nil
    }

    /// Whether the function may reach memory.
    package var isBusMaster: Bool { masters.load(ordering: .acquiring) }

    /// Whether the guest enabled MSI-X; if not, `signal` on the vectors does nothing and the function uses INTx.
    package var isMSIXEnabled: Bool { vectorsEnabled.load(ordering: .acquiring) }

    /// The same for MSI.
    package var isMSIEnabled: Bool { messagesEnabled.load(ordering: .acquiring) }

    /// Makes `event` be signalled instead of the function called, for writes at `offset` of BAR `bar`, wherever the
    /// guest places it. See `Doorbell` for width and value.
    package func attachDoorbell(
        bar: Int, offset: UInt64, width: AccessWidth? = nil, value: UInt64? = nil, event: EventFD
    ) -> PCIDoorbell {
        let doorbell = PCIDoorbell(bar: bar, offset: offset, width: width, value: value, event: event)
        attach(doorbell)
        return doorbell
    }

    /// Takes a doorbell away. Idempotent.
    package func detachDoorbell(_ doorbell: PCIDoorbell) { detach(doorbell) }

    // MARK: State the outside follows

    /// Stores what the registers say, for the properties above; the old value of bus mastering comes back.
    func publish(isBusMaster: Bool, isMSIXEnabled: Bool, isMSIEnabled: Bool) -> Bool {
        vectorsEnabled.store(isMSIXEnabled, ordering: .releasing)
        messagesEnabled.store(isMSIEnabled, ordering: .releasing)
        return masters.exchange(isBusMaster, ordering: .acquiringAndReleasing)
    }
}
