package import Bus
package import Memory
internal import Synchronization

/// The memory controller hub of q35, 8086:29c0, function 00:00.0.
///
/// What it does is place the ECAM: PCIEXBAR says where and whether, and a write moves it. The registers for shadow RAM
/// (PAM) and SMRAM store what firmware writes; here all of that memory is RAM in the first place.
///
/// Intel 3 Series Express Chipset §5.1.
package final class Q35HostBridge: PCIFunction {
    private static let extendedBase = 0x60

    package let slot: PCISlot
    private let ecam: ECAM
    /// Held while the ECAM follows the register, so that two vCPUs that write at once leave the last value in force.
    private let following = Mutex(())

    package init(ecam: ECAM) throws(PCIError) {
        self.ecam = ecam
        var layout = PCILayout(
            PCIIdentity(
                vendor: 0x8086, device: 0x29c0, classCode: 0x060000, subsystemVendor: 0x1af4, subsystem: 0x1100))
        layout.registers = [
            // Enable, length, and the base: how many of its bits count depends on the length.
            PCIRegister(offset: Self.extendedBase, value: UInt64(0), writable: 0xf_fc00_0007),
            // PAM0 to PAM6.
            PCIRegister(offset: 0x90, value: UInt64(0), writable: 0x0033_3333_3333_3330),
            // SMRAM (compatible SMM space always at 0xA0000) and ESMRAMC.
            PCIRegister(offset: 0x9d, value: UInt8(0x02), writable: 0x70),
            PCIRegister(offset: 0x9e, value: UInt8(0x38), writable: 0x87),
        ]
        slot = try PCISlot(name: "mch", layout)
    }

    /// Programs PCIEXBAR as firmware does, for a machine that boots without it.
    ///
    /// - Parameter base: a multiple of 256 MiB below 64 GiB; the ECAM shows all 256 buses.
    package func placeECAM(at base: GuestAddress) {
        slot.writeConfiguration(UInt32(truncatingIfNeeded: base.rawValue >> 32), Access(offset: 0x64, width: .four))
        slot.writeConfiguration(UInt32(truncatingIfNeeded: base.rawValue) | 1, Access(offset: 0x60, width: .four))
    }

    package func configurationWritten(_ value: UInt32, _ access: Access) {
        if access.offset < 0x68, access.offset &+ access.width.count > 0x60 { follow() }
    }

    package func plugged() { follow() }
    package func unplugged() { ecam.place(nil) }
    package func reset() { follow() }

    /// PCIEXBAR: bit 0 enables, bits 2…1 say 256, 128 or 64 MiB.
    private func follow() { following.withLock { _ in placeAsProgrammed() } }

    private func placeAsProgrammed() {
        let register =
            UInt64(slot.register(Self.extendedBase, .four)) | UInt64(slot.register(Self.extendedBase + 4, .four)) << 32
        let length = register >> 1 & 3
        guard register & 1 != 0, length < 3 else { return ecam.place(nil) }
        let size = UInt64(256 << 20) >> length
        ecam.place(GuestRange(start: GuestAddress(register & 0xf_ffff_ffff & ~(size - 1)), count: size))
    }
}
