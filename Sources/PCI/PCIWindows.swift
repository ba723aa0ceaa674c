package import Memory

/// The address ranges a machine leaves to PCI, as its ACPI tables or device tree announce them.
package struct PCIWindows: Sendable {
    /// I/O ports; nil: functions get none.
    package var io: GuestRange?
    /// Below 4 GiB.
    package var memory: GuestRange
    /// Above 4 GiB, for 64-bit prefetchable BARs; nil: those go below as well.
    package var high: GuestRange?
    /// How much of `memory`, and of `high`, a port gets at least, so that a device plugged later finds room.
    package var portReserve: UInt64 = 2 << 20

    package init(io: GuestRange?, memory: GuestRange, high: GuestRange?) {
        self.io = io
        self.memory = memory
        self.high = high
    }
}
