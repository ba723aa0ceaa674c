internal import Bus
internal import Synchronization

/// A function's MSI messages: 64-bit address, mask per vector. PCI 3.0 §6.8.1.
///
/// Unlike MSI-X all its registers are in configuration space, so this is only the vectors and how they follow.
final class MSI: Sendable {
    /// The registers as the guest left them.
    struct Registers {
        var control: UInt16
        var address: UInt64
        var data: UInt32
        var mask: UInt32
    }

    static let id: UInt8 = 0x05
    /// Offsets within the capability.
    static let control = 0x02, address = 0x04, data = 0x0c, mask = 0x10, pending = 0x14, length = 0x18

    let vectors: [MessageVector]
    /// Held while vectors are updated, so that they follow the registers in order.
    private let delivery = Mutex<MessageDelivery?>(nil)

    init(messages: Int) { vectors = (0..<messages).map { _ in MessageVector() } }

    func connect(_ delivery: MessageDelivery?) { self.delivery.withLock { $0 = delivery } }

    /// The capability after power-on.
    var capability: PCICapability {
        // 64-bit address, per-vector masking, and how many messages as a power of two.
        let capable = UInt16(vectors.count.trailingZeroBitCount) << 1
        let body = littleEndianBytes(1 << 8 | 1 << 7 | capable) + [UInt8](repeating: 0, count: MSI.length - 4)
        let used = UInt32.max >> UInt32(32 - vectors.count)
        let writable =
            littleEndianBytes(UInt16(0x71)) + littleEndianBytes(~UInt64(3)) + littleEndianBytes(UInt32(0xffff))
            + littleEndianBytes(used)
        return PCICapability(id: MSI.id, body: body, writable: writable)
    }

    var pendingBits: UInt32 {
        vectors.indices.reduce(0) { $0 | (vectors[$1].isPending ? 1 << UInt32($1) : 0) }
    }

    /// Follows the registers; the vectors that now deliver a pending interrupt come back.
    func set(_ registers: Registers, canSend: Bool) -> [MessageVector] {
        delivery.withLock { delivery in
            var waiting: [MessageVector] = []
            let isEnabled = registers.control & 1 != 0
            // A guest may ask for more messages than there are; it gets what there is.
            let enabled = min(vectors.count, 1 << Int(registers.control >> 4 & 7))
            for (index, vector) in vectors.enumerated() {
                if !isEnabled { vector.forget() }
                let isMasked = registers.mask >> UInt32(index) & 1 != 0
                let gate: MessageVector.Gate =
                    !(isEnabled && canSend && index < enabled) ? .closed : isMasked ? .masked : .open
                let data = registers.data & 0xffff & ~UInt32(enabled - 1) | UInt32(index)
                delivery?.update(
                    vector, gate, InterruptMessage(address: registers.address, data: data), waiting: &waiting)
            }
            return waiting
        }
    }
}
