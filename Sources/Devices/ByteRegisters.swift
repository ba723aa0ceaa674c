package import Bus

/// A device on an eight-bit bus: a wider access is one access per byte, lowest offset first.
package protocol ByteRegisters: BusDevice {
    /// The register at `offset`, which lies in the range that the device is mapped at.
    func readByte(_ offset: UInt64) -> UInt8
    func writeByte(_ value: UInt8, _ offset: UInt64)
}

extension ByteRegisters {
    package func read(_ access: Access) -> UInt64 {
        if access.width == .one { return UInt64(readByte(access.offset)) }
        var value: UInt64 = 0
        for index in 0..<access.width.count {
            value |= UInt64(readByte(access.offset &+ index)) << (index * 8)
        }
        return value
    }

    package func write(_ value: UInt64, _ access: Access) {
        for index in 0..<access.width.count {
            writeByte(UInt8(truncatingIfNeeded: value >> (index * 8)), access.offset &+ index)
        }
    }
}

/// Maps a device's register that is not its first: what arrives at offset 0 here is offset `base` there.
///
/// For a device whose registers lie at ports apart, with other devices between them (0x60 and 0x64).
package final class RegisterWindow: BusDevice {
    private let device: any BusDevice
    private let base: UInt64

    package init(_ device: any BusDevice, from base: UInt64) {
        self.device = device
        self.base = base
    }

    package func read(_ access: Access) -> UInt64 {
        device.read(Access(offset: access.offset &+ base, width: access.width))
    }

    package func write(_ value: UInt64, _ access: Access) {
        device.write(value, Access(offset: access.offset &+ base, width: access.width))
    }
}
