package import Bus
internal import Synchronization

/// The LPC bridge of the ICH9, 8086:2918, function 00:1f.0: where the PC's old devices hang.
///
/// Of its registers these do something: PMBASE and ACPI_CNTL, which place and enable the power management ports (the
/// board maps the block; it is told where), and PIRQ[n]_ROUT, which lead the INTx wires to ISA interrupts for guests
/// without an I/O APIC. RCBA and the decode ranges store what firmware writes.
///
/// Intel ICH9 §13.1.
package final class ICH9LPC: PCIFunction {
    private static let powerManagementBase = 0x40, acpiControl = 0x44
    private static let routesAD = 0x60, routesEH = 0x68

    package let slot: PCISlot
    private let router: ICH9InterruptRouter
    /// Held while the outside follows the registers: of two vCPUs that write at once the last value stays in force.
    private let following = Mutex(())
    private let onPowerManagementBase: @Sendable (UInt16?) -> Void

    /// - Parameter router: the sink of the host's INTx wires.
    /// - Parameter onPowerManagementBase: called with the first of the block's 128 ports, or nil while it is off; on
    ///   the thread of the write, in order, also without a change. It maps the block; it does not call back here.
    package init(
        router: ICH9InterruptRouter, onPowerManagementBase: @escaping @Sendable (UInt16?) -> Void
    ) throws(PCIError) {
        self.router = router
        self.onPowerManagementBase = onPowerManagementBase
        var layout = PCILayout(
            PCIIdentity(
                vendor: 0x8086, device: 0x2918, revision: 2, classCode: 0x060100, subsystemVendor: 0x1af4,
                subsystem: 0x1100, isMultifunction: true))
        let routes: UInt32 = 0x8080_8080
        layout.registers = [
            // Bit 0 says that it is a port number.
            PCIRegister(offset: Self.powerManagementBase, value: UInt32(1), writable: 0xff80),
            // ACPI_EN, and the interrupt of the SCI.
            PCIRegister(offset: Self.acpiControl, value: UInt8(0), writable: 0x87),
            PCIRegister(offset: 0x48, value: UInt32(1), writable: 0xff80),
            PCIRegister(offset: 0x4c, value: UInt8(0), writable: 0x10),
            PCIRegister(offset: Self.routesAD, value: routes, writable: 0x8f8f_8f8f),
            PCIRegister(offset: 0x64, value: UInt8(0x10), writable: 0xff),
            PCIRegister(offset: Self.routesEH, value: routes, writable: 0x8f8f_8f8f),
            // Decode ranges and enables of the LPC bus.
            PCIRegister(offset: 0x80, value: UInt32(0), writable: 0x3f0f_1377),
            PCIRegister(offset: 0xa0, value: UInt32(0), writable: 0xffff_ffff),
            PCIRegister(offset: 0xf0, value: UInt32(0), writable: 0xffff_c001),
        ]
        slot = try PCISlot(name: "lpc", layout)
    }

    /// Programs PMBASE and ACPI_CNTL as firmware does, for a machine that boots without it: the block at `base`, a
    /// multiple of 128, and the SCI at interrupt 9.
    package func placePowerManagement(at base: UInt16) {
        slot.writeConfiguration(UInt32(base), Access(offset: UInt64(Self.powerManagementBase), width: .four))
        slot.writeConfiguration(0x80, Access(offset: UInt64(Self.acpiControl), width: .one))
    }

    package func configurationWritten(_ value: UInt32, _ access: Access) {
        // One aligned dword holds what a write can touch at once.
        switch Int(access.offset & ~3) {
        case Self.powerManagementBase, Self.acpiControl: followPowerManagement()
        case Self.routesAD: followRoutes()
        default: break
        }
    }

    package func reset() {
        followPowerManagement()
        followRoutes()
    }

    private func followPowerManagement() {
        following.withLock { _ in callPowerManagement() }
    }

    private func callPowerManagement() {
        let base = UInt16(truncatingIfNeeded: slot.register(Self.powerManagementBase, .four) & 0xff80)
        let isEnabled = slot.register(Self.acpiControl, .one) & 0x80 != 0
        onPowerManagementBase(isEnabled && base != 0 ? base : nil)
    }

    private func followRoutes() {
        following.withLock { _ in router.setRoutes(slot.register(Self.routesAD, .four)) }
    }
}
