internal import PCI
internal import Synchronization

/// A source of interrupts of a virtio-pci function: one queue, or its configuration (virtio 1.2 §4.1.5.1.2).
///
/// The driver maps it to an MSI-X vector, or to none; while MSI-X is off it is a bit of the ISR register and the pin.
final class PCIQueueInterrupt: QueueInterrupt {
    static let noVector: UInt16 = 0xffff

    private let slot: PCISlot
    private let status: InterruptStatus
    private let bit: UInt8
    private let selected = Atomic(PCIQueueInterrupt.noVector)

    init(_ slot: PCISlot, _ status: InterruptStatus, bit: UInt8) {
        self.slot = slot
        self.status = status
        self.bit = bit
    }

    /// The MSI-X vector; one that does not exist becomes none, which is how a driver learns that.
    var vector: UInt16 {
        get { selected.load(ordering: .relaxed) }
        set {
            let exists = newValue < slot.vectors.count
            selected.store(exists ? newValue : PCIQueueInterrupt.noVector, ordering: .relaxed)
        }
    }

    func signal() {
        guard slot.isMSIXEnabled else { return status.raise(bit) }
        let vector = Int(selected.load(ordering: .relaxed))
        if vector < slot.vectors.count { slot.vectors[vector].signal() }
    }
}
