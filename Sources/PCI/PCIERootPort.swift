internal import Bus

/// A PCI Express root port, 1b36:000c: a link to one device, behind its own bus.
///
/// The bus is named as the port, which is what `bus=` of a device refers to.
package final class PCIERootPort: PCIFunction {
    package let slot: PCISlot
    private let link: PCIBus

    package var secondary: PCIBus? { link }

    /// - Parameter port: the port number, `port=`.
    /// - Parameter chassisSlot: the physical slot number guests show, `slot=`.
    package init(name: String, port: UInt8, chassisSlot: UInt16, isMultifunction: Bool) throws(PCIError) {
        var layout = PCILayout(
            PCIIdentity(vendor: 0x1b36, device: 0x000c, classCode: 0x060400, isMultifunction: isMultifunction),
            header: .bridge)
        layout.express = .rootPort(port: port, slot: chassisSlot)
        layout.hasPowerManagement = true
        layout.messages = 1
        layout.interruptPin = .a
        slot = try PCISlot(name: name, layout)
        link = PCIBus(name: name, isLink: true)
    }

    package func plugged() { secondaryChanged() }
    package func reset() { secondaryChanged() }

    /// Link Status and Slot Status say whether a device is there.
    package func secondaryChanged() {
        guard let offset = slot.offsets.express else { return }
        let isOccupied = !link.functions.isEmpty
        func set(_ bit: UInt16, at register: Int) {
            let old = UInt16(truncatingIfNeeded: slot.register(offset + register, .two))
            slot.setRegister(offset + register, UInt32(isOccupied ? old | bit : old & ~bit), .two)
        }
        set(PCILayout.Express.linkIsActive, at: PCILayout.Express.linkStatus)
        set(PCILayout.Express.presence, at: PCILayout.Express.slotStatus)
    }
}
