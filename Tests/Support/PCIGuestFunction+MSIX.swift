/// MSI-X as a driver programs it.
extension PCIGuestFunction {
    package static let msix: UInt8 = 0x11

    /// Offset of the capability and addresses of table and pending bits; nil without MSI-X.
    package var msixLayout: (capability: Int, vectors: Int, table: UInt64, pending: UInt64)? {
        guard let offset = capability(Self.msix) else { return nil }
        let table = read32(offset + 4)
        let pending = read32(offset + 8)
        return (
            offset, Int(read16(offset + 2) & 0x7ff) + 1, barAddress(Int(table & 7)) + UInt64(table & ~7),
            barAddress(Int(pending & 7)) + UInt64(pending & ~7)
        )
    }

    /// Sets Enable and Function Mask.
    package func setMSIX(enabled: Bool, masked: Bool = false) {
        guard let offset = capability(Self.msix) else { return }
        write16(offset + 2, (enabled ? 0x8000 : 0) | (masked ? 0x4000 : 0))
    }

    /// Programs a vector, masked meanwhile.
    package func setVector(
        _ index: Int, _ guest: any GuestAccess, address: UInt64, data: UInt32, masked: Bool = false
    ) {
        guard let entry = msixLayout.map({ $0.table + UInt64(index) * 16 }) else { return }
        guest.writel(entry + 12, 1)
        guest.writel(entry, UInt32(truncatingIfNeeded: address))
        guest.writel(entry + 4, UInt32(truncatingIfNeeded: address >> 32))
        guest.writel(entry + 8, data)
        guest.writel(entry + 12, masked ? 1 : 0)
    }

    package func maskVector(_ index: Int, _ guest: any GuestAccess, _ isMasked: Bool) {
        guard let table = msixLayout?.table else { return }
        guest.writel(table + UInt64(index) * 16 + 12, isMasked ? 1 : 0)
    }

    package func isPending(_ index: Int, _ guest: any GuestAccess) -> Bool {
        guard let pending = msixLayout?.pending else { return false }
        return guest.readq(pending + UInt64(index / 64 * 8)) >> UInt64(index % 64) & 1 != 0
    }
}
