package import Bus
internal import Synchronization

/// The chipset's reset control register, port 0xCF9 (Intel ICH9 §13.7.6).
///
/// Software writes 0x02 or 0x06 first and 0x06 or 0x0E last; the system is reset when RST_CPU (bit 2) goes from 0 to 1.
package final class ResetControl: BusDevice, MachinePart {
    package static let port: UInt64 = 0xcf9

    private static let resetCPU: UInt8 = 1 << 2
    /// SYS_RST, RST_CPU and FULL_RST; the rest is reserved.
    private static let writable: UInt8 = 0x0e

    private let power: any PowerControl
    private let value = Mutex<UInt8>(0)

    package init(power: any PowerControl) { self.power = power }

    package func read(_ access: Access) -> UInt64 {
        access.width == .one ? UInt64(value.withLock { $0 }) : access.width.mask
    }

    package func write(_ value: UInt64, _ access: Access) {
        guard access.width == .one else { return }
        let new = UInt8(truncatingIfNeeded: value) & ResetControl.writable
        let rises = self.value.withLock { value in
            defer { value = new }
            return value & ResetControl.resetCPU == 0 && new & ResetControl.resetCPU != 0
        }
        if rises { power.request(.reset) }
    }

    package func reset() { value.withLock { $0 = 0 } }
}
