package import Bus
internal import Synchronization

/// System control port A, 0x92: the A20 gate, and a reset that old software prefers to the keyboard controller's.
///
/// The gate is stored and shown but gates nothing: address line 20 is always on, as on every machine since 2013.
package final class SystemControlPort: BusDevice, MachinePart {
    package static let port: UInt64 = 0x92

    private static let fastReset: UInt8 = 1 << 0
    private static let a20: UInt8 = 1 << 1

    private let power: any PowerControl
    private let value = Mutex<UInt8>(SystemControlPort.a20)

    package init(power: any PowerControl) { self.power = power }

    package func read(_ access: Access) -> UInt64 {
        access.width == .one ? UInt64(value.withLock { $0 }) : access.width.mask
    }

    package func write(_ value: UInt64, _ access: Access) {
        guard access.width == .one else { return }
        let new = UInt8(truncatingIfNeeded: value)
        // The reset bit is a pulse: it never reads as one.
        self.value.withLock { $0 = new & ~SystemControlPort.fastReset }
        if new & SystemControlPort.fastReset != 0 { power.request(.reset) }
    }

    package func reset() { value.withLock { $0 = SystemControlPort.a20 } }
}
