internal import Synchronization

/// The interrupt status of a device and the level-triggered wire that follows it (virtio 1.2 §4.1.4.5, §4.2.2).
///
/// Bits are set by the data path and cleared by the driver, on different threads. The wire must end up with the last
/// of them, so it is driven under the lock; it is only driven when it changes.
final class InterruptStatus: Sendable {
    static let queue: UInt8 = 1
    static let configuration: UInt8 = 2

    private let bits = Mutex<UInt8>(0)
    private let drive: @Sendable (Bool) -> Void

    /// - Parameter drive: sets the wire; may not call back.
    init(drive: @escaping @Sendable (Bool) -> Void) { self.drive = drive }

    var value: UInt8 { bits.withLock { $0 } }

    func raise(_ bit: UInt8) {
        bits.withLock { bits in
            if bits == 0 { drive(true) }
            bits |= bit
        }
    }

    /// Clears `mask` and gives what was set before.
    @discardableResult
    func clear(_ mask: UInt8 = .max) -> UInt8 {
        bits.withLock { bits in
            let before = bits
            bits &= ~mask
            if before != 0, bits == 0 { drive(false) }
            return before
        }
    }
}
