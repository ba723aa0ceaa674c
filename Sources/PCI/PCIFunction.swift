package import Bus

/// A PCI function: what a device must say and do to sit on a PCI bus.
///
/// ## The picture
/// ```
///   CF8/CFC ─┐                              ┌── PCISlot ──────────────────────┐
///            ├─► PCIRootComplex ─► PCIBus ─►│ configuration space, BARs,      │
///   ECAM ────┘    routes by bus number      │ capabilities, MSI-X, INTx       │
///                                           └───────┬─────────────────▲───────┘
///   AddressSpace ─► BARWindow ──────────────────────┼──► PCIFunction ─┘
///                                            MSI-X table    registers, data path
/// ```
/// The framework owns everything that is the same for all functions; it lives in the function's `PCISlot`. The function
/// makes its slot from a `PCILayout` when it is made itself, keeps it in a `let`, and is plugged into a `PCIBus` later.
/// The slot is also its only way out: to guest memory (while the guest lets it be a bus master), to interrupts, and to
/// doorbells.
///
/// ## Threads
/// BAR and configuration accesses come on the vCPU thread that makes them, several at once if several vCPUs do so. No
/// lock of the framework is held during any call below, so a function may call its slot from all of them.
package protocol PCIFunction: MachinePart {
    /// The function's side of the framework; the same object all its life.
    var slot: PCISlot { get }

    /// The bus behind a bridge or port; nil for everything else. Always the same object.
    var secondary: PCIBus? { get }

    /// A guest's read in BAR `bar` (the index of its lower register). MSI-X tables are answered by the framework.
    func read(bar: Int, _ access: Access) -> UInt64

    /// A guest's write in BAR `bar`.
    func write(bar: Int, _ value: UInt64, _ access: Access)

    /// The value of a configuration register that is not plain storage; nil: what is stored. Widths 1, 2 and 4.
    func readConfiguration(_ access: Access) -> UInt32?

    /// A guest wrote configuration space, and the writable bits have been stored. Widths 1, 2 and 4.
    func configurationWritten(_ value: UInt32, _ access: Access)

    /// The guest switched bus mastering for this function, or for a bridge above it. Not called for a reset.
    func busMasterChanged(_ isEnabled: Bool)

    /// The slot has just been connected: `slot.address` is set and interrupts have somewhere to go. On the control
    /// thread.
    func plugged()

    /// The function has just been taken off its bus and no longer sees the guest. On the control thread.
    func unplugged()

    /// Something was plugged into the secondary bus, or taken out of it. On the control thread.
    func secondaryChanged()

    /// Back to power-on state. The slot's registers are there already: decoding, bus mastering and MSI-X are off.
    ///
    /// On the control thread while no vCPU runs, or on a vCPU thread in a reset of the bus that the guest asked for.
    func reset()
}

extension PCIFunction {
    package var secondary: PCIBus? { nil }
    package func read(bar: Int, _ access: Access) -> UInt64 { access.width.mask }
    package func write(bar: Int, _ value: UInt64, _ access: Access) {}
    package func readConfiguration(_ access: Access) -> UInt32? { nil }
    package func configurationWritten(_ value: UInt32, _ access: Access) {}
    package func busMasterChanged(_ isEnabled: Bool) {}
    package func plugged() {}
    package func unplugged() {}
    package func secondaryChanged() {}
}
