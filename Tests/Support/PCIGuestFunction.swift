internal import Bus

/// A function as a guest's driver handles it.
package struct PCIGuestFunction {
    package struct BAR: Equatable, Sendable {
        package let index: Int
        package let isPort: Bool
        package let is64Bit: Bool
        package let isPrefetchable: Bool
        package let size: UInt64
        package let address: UInt64
    }

    package let address: PCIGuestAddress
    private let door: any PCIGuestDoor

    package init(_ door: any PCIGuestDoor, _ address: PCIGuestAddress) {
        self.door = door
        self.address = address
    }

    // MARK: Registers

    package func read8(_ offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: door.read(address, offset, .one)) }
    package func read16(_ offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: door.read(address, offset, .two)) }
    package func read32(_ offset: Int) -> UInt32 { door.read(address, offset, .four) }
    package func write8(_ offset: Int, _ value: UInt8) { door.write(address, offset, UInt32(value), .one) }
    package func write16(_ offset: Int, _ value: UInt16) { door.write(address, offset, UInt32(value), .two) }
    package func write32(_ offset: Int, _ value: UInt32) { door.write(address, offset, value, .four) }

    package var exists: Bool { read16(0) != 0xffff }
    package var vendor: UInt16 { read16(0x00) }
    package var device: UInt16 { read16(0x02) }
    package var isBridge: Bool { read8(0x0e) & 0x7f == 1 }
    package var isMultifunction: Bool { read8(0x0e) & 0x80 != 0 }

    /// COMMAND: 1 ports, 2 memory, 4 bus master, 0x400 INTx off.
    package var command: UInt16 {
        get { read16(0x04) }
        nonmutating set { write16(0x04, newValue) }
    }

    // MARK: Capabilities

    /// Every capability's id and offset, in order.
    package var capabilities: [(id: UInt8, offset: Int)] {
        guard read16(0x06) & 0x10 != 0 else { return [] }
        var found: [(id: UInt8, offset: Int)] = []
        var offset = Int(read8(0x34) & ~3)
        // A list cannot be longer than the space for it, unless it is a ring.
        while offset >= 0x40, found.count < 48 {
            found.append((read8(offset), offset))
            offset = Int(read8(offset + 1) & ~3)
        }
        return found
    }

    package func capability(_ id: UInt8) -> Int? { capabilities.first { $0.id == id }?.offset }

    // MARK: BARs

    /// Sizes every BAR as a kernel does, with decoding off meanwhile.
    package var bars: [BAR] {
        let saved = command
        command = saved & ~3
        defer { command = saved }
        var bars: [BAR] = []
        var index = 0
        while index < (isBridge ? 2 : 6) {
            let offset = 0x10 + index * 4
            let (value, mask) = probe(offset)
            let isPort = mask & 1 != 0
            let is64Bit = !isPort && mask & 6 == 4
            let flags: UInt32 = isPort ? 3 : 15
            var address = UInt64(value & ~flags)
            var bits = UInt64(mask & ~flags)
            if is64Bit {
                let (high, highMask) = probe(offset + 4)
                address |= UInt64(high) << 32
                bits |= UInt64(highMask) << 32
            }
            if bits != 0 {
                bars.append(
                    BAR(
                        index: index, isPort: isPort, is64Bit: is64Bit, isPrefetchable: !isPort && mask & 8 != 0,
                        size: bits & (~bits &+ 1), address: address))
            }
            index += is64Bit ? 2 : 1
        }
        return bars
    }

    private func probe(_ offset: Int) -> (value: UInt32, mask: UInt32) {
        let value = read32(offset)
        write32(offset, .max)
        defer { write32(offset, value) }
        return (value, read32(offset))
    }

    package func setBAR(_ index: Int, to address: UInt64, is64Bit: Bool = false) {
        write32(0x10 + index * 4, UInt32(truncatingIfNeeded: address))
        if is64Bit { write32(0x14 + index * 4, UInt32(truncatingIfNeeded: address >> 32)) }
    }

    /// Where a BAR is placed now.
    package func barAddress(_ index: Int) -> UInt64 {
        let low = read32(0x10 + index * 4)
        if low & 1 != 0 { return UInt64(low & ~3) }
        return UInt64(low & ~15) | (low & 6 == 4 ? UInt64(read32(0x14 + index * 4)) << 32 : 0)
    }
}
