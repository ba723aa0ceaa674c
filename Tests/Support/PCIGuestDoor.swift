package import Bus

/// A guest's way to configuration space.
package protocol PCIGuestDoor {
    /// 1, 2 or 4 bytes.
    func read(_ function: PCIGuestAddress, _ offset: Int, _ width: AccessWidth) -> UInt32
    func write(_ function: PCIGuestAddress, _ offset: Int, _ value: UInt32, _ width: AccessWidth)
}

/// Bus, device and function as a driver counts them.
package struct PCIGuestAddress: Hashable, Sendable {
    package var bus: UInt8
    package var device: UInt8
    package var function: UInt8

    package init(_ bus: UInt8, _ device: UInt8, _ function: UInt8) {
        self.bus = bus
        self.device = device
        self.function = function
    }

    var routing: UInt64 { UInt64(bus) << 8 | UInt64(device) << 3 | UInt64(function) }
}

/// Through memory.
package struct PCIGuestECAM: PCIGuestDoor {
    private let guest: any GuestAccess
    private let base: UInt64

    package init(_ guest: any GuestAccess, at base: UInt64) {
        self.guest = guest
        self.base = base
    }

    private func address(_ function: PCIGuestAddress, _ offset: Int) -> UInt64 {
        base + function.routing << 12 + UInt64(offset)
    }

    package func read(_ function: PCIGuestAddress, _ offset: Int, _ width: AccessWidth) -> UInt32 {
        UInt32(truncatingIfNeeded: guest.load(address(function, offset), width))
    }

    package func write(_ function: PCIGuestAddress, _ offset: Int, _ value: UInt32, _ width: AccessWidth) {
        guest.store(UInt64(value), at: address(function, offset), width)
    }
}

/// Through ports 0xCF8 and 0xCFC.
package struct PCIGuestPorts: PCIGuestDoor {
    private let guest: any GuestAccess

    package init(_ guest: any GuestAccess) { self.guest = guest }

    /// Selects a dword; the port that the byte at `offset` is then read at.
    private func select(_ function: PCIGuestAddress, _ offset: Int) -> UInt16 {
        guest.outl(0xcf8, 1 << 31 | UInt32(function.routing) << 8 | UInt32(offset & 0xfc))
        return 0xcfc + UInt16(offset & 3)
    }

    package func read(_ function: PCIGuestAddress, _ offset: Int, _ width: AccessWidth) -> UInt32 {
        UInt32(truncatingIfNeeded: guest.input(select(function, offset), width))
    }

    package func write(_ function: PCIGuestAddress, _ offset: Int, _ value: UInt32, _ width: AccessWidth) {
        guest.output(UInt64(value), to: select(function, offset), width)
    }
}
