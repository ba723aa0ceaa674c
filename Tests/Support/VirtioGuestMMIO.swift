package import Bus

/// A virtio-mmio device's registers (virtio 1.2 §4.2.2).
package final class VirtioGuestMMIO: VirtioGuestTransport {
    package let guest: any GuestAccess
    private let base: UInt64

    package init(_ guest: any GuestAccess, at base: UInt64) {
        self.guest = guest
        self.base = base
    }

    package func read(_ offset: UInt64) -> UInt32 { guest.readl(base + offset) }
    package func write(_ offset: UInt64, _ value: UInt32) { guest.writel(base + offset, value) }

    package var deviceID: UInt16 { UInt16(truncatingIfNeeded: read(0x008)) }
    package var generation: UInt32 { read(0x0fc) }

    package var deviceFeatures: UInt64 {
        write(0x014, 0)
        let low = read(0x010)
        write(0x014, 1)
        return UInt64(read(0x010)) << 32 | UInt64(low)
    }

    package var status: UInt8 {
        get { UInt8(truncatingIfNeeded: read(0x070)) }
        set { write(0x070, UInt32(newValue)) }
    }

    package func setDriverFeatures(_ features: UInt64) {
        for half in UInt32(0)...1 {
            write(0x024, half)
            write(0x020, UInt32(truncatingIfNeeded: features >> (UInt64(half) * 32)))
        }
    }

    package func maximumSize(ofQueue index: UInt16) -> UInt32 {
        write(0x030, UInt32(index))
        return read(0x034)
    }

    package func isEnabled(_ index: UInt16) -> Bool {
        write(0x030, UInt32(index))
        return read(0x044) == 1
    }

    package func setUp(_ index: UInt16, size: UInt32, descriptors: UInt64, available: UInt64, used: UInt64) {
        write(0x030, UInt32(index))
        write(0x038, size)
        for (offset, address) in [(UInt64(0x080), descriptors), (0x090, available), (0x0a0, used)] {
            write(offset, UInt32(truncatingIfNeeded: address))
            write(offset + 4, UInt32(truncatingIfNeeded: address >> 32))
        }
        write(0x044, 1)
    }

    package func notify(_ index: UInt16) { write(0x050, UInt32(index)) }

    package func readConfiguration(_ offset: UInt64, _ width: AccessWidth) -> UInt64 {
        guest.load(base + 0x100 + offset, width)
    }

    package func writeConfiguration(_ offset: UInt64, _ value: UInt64, _ width: AccessWidth) {
        guest.store(value, at: base + 0x100 + offset, width)
    }

    package func takeInterrupts() -> UInt8 {
        let bits = read(0x060)
        if bits != 0 { write(0x064, bits) }
        return UInt8(truncatingIfNeeded: bits)
    }
}
