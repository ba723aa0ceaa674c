package import Bus

/// A virtio-pci function's structures, found by its capabilities (virtio 1.2 §4.1.4).
package final class VirtioGuestPCI: VirtioGuestTransport {
    package let guest: any GuestAccess
    package let function: PCIGuestFunction
    private var common: UInt64 = 0
    private var isr: UInt64 = 0
    private var device: UInt64 = 0
    private var notifyBase: UInt64 = 0
    private var multiplier: UInt64 = 0
    /// Where the window capability lies in configuration space.
    package private(set) var window: Int?

    /// Needs its BARs placed and decoding on; nil if it is no modern virtio function.
    package init?(_ function: PCIGuestFunction, _ guest: any GuestAccess) {
        guard function.vendor == 0x1af4, function.device >= 0x1040 else { return nil }
        self.guest = guest
        self.function = function
        for (id, offset) in function.capabilities where id == 0x09 {
            let base = function.barAddress(Int(function.read8(offset + 4)))
            let address = base + UInt64(function.read32(offset + 8))
            switch function.read8(offset + 3) {
            case 1: common = address
            case 2:
                notifyBase = address
                multiplier = UInt64(function.read32(offset + 16))
            case 3: isr = address
            case 4: device = address
            case 5: window = offset
            default: break
            }
        }
        guard common != 0, isr != 0, notifyBase != 0 else { return nil }
    }

    package var deviceID: UInt16 { function.device - 0x1040 }
    package var generation: UInt32 { UInt32(guest.readb(common + 21)) }
    package var queueCount: UInt16 { guest.readw(common + 18) }

    package var deviceFeatures: UInt64 {
        guest.writel(common, 0)
        let low = guest.readl(common + 4)
        guest.writel(common, 1)
        return UInt64(guest.readl(common + 4)) << 32 | UInt64(low)
    }

    package var status: UInt8 {
        get { guest.readb(common + 20) }
        set { guest.writeb(common + 20, newValue) }
    }

    package func setDriverFeatures(_ features: UInt64) {
        for half in UInt32(0)...1 {
            guest.writel(common + 8, half)
            guest.writel(common + 12, UInt32(truncatingIfNeeded: features >> (UInt64(half) * 32)))
        }
    }

    private func select(_ index: UInt16) { guest.writew(common + 22, index) }

    package func maximumSize(ofQueue index: UInt16) -> UInt32 {
        select(index)
        return UInt32(guest.readw(common + 24))
    }

    package func isEnabled(_ index: UInt16) -> Bool {
        select(index)
        return guest.readw(common + 28) == 1
    }

    package func setUp(_ index: UInt16, size: UInt32, descriptors: UInt64, available: UInt64, used: UInt64) {
        select(index)
        guest.writew(common + 24, UInt16(truncatingIfNeeded: size))
        for (offset, address) in [(UInt64(32), descriptors), (40, available), (48, used)] {
            guest.writel(common + offset, UInt32(truncatingIfNeeded: address))
            guest.writel(common + offset + 4, UInt32(truncatingIfNeeded: address >> 32))
        }
        guest.writew(common + 28, 1)
    }

    package func notify(_ index: UInt16) {
        select(index)
        guest.writew(notifyBase + UInt64(guest.readw(common + 30)) * multiplier, index)
    }

    package func readConfiguration(_ offset: UInt64, _ width: AccessWidth) -> UInt64 {
        guest.load(device + offset, width)
    }

    package func writeConfiguration(_ offset: UInt64, _ value: UInt64, _ width: AccessWidth) {
        guest.store(value, at: device + offset, width)
    }

    package func takeInterrupts() -> UInt8 { guest.readb(isr) }

    // MARK: MSI-X

    /// Routes a queue to an MSI-X vector; what the device made of it comes back.
    package func setVector(_ vector: UInt16, ofQueue index: UInt16) -> UInt16 {
        select(index)
        guest.writew(common + 26, vector)
        return guest.readw(common + 26)
    }

    package func setConfigurationVector(_ vector: UInt16) -> UInt16 {
        guest.writew(common + 16, vector)
        return guest.readw(common + 16)
    }
}
