internal import Memory

/// What a driver sets up of one queue, until it enables it.
struct QueueRegisters {
    let maximumSize: UInt16
    var size: UInt16
    var descriptors: UInt64 = 0
    var available: UInt64 = 0
    var used: UInt64 = 0
    var isEnabled = false
    /// Where the queue goes on when it is started again.
    var position = VirtqueuePosition()

    init(maximumSize: UInt16) {
        self.maximumSize = maximumSize
        size = maximumSize
    }

    /// What the driver described; a size above the maximum is as invalid as an odd one.
    var configuration: VirtqueueConfiguration {
        VirtqueueConfiguration(
            size: size <= maximumSize ? size : 0, descriptors: GuestAddress(descriptors),
            available: GuestAddress(available), used: GuestAddress(used))
    }
}

/// Registers of 64 bits that drivers write in halves.
enum Half { case low, high }

extension UInt64 {
    subscript(half: Half) -> UInt32 {
        get { UInt32(truncatingIfNeeded: half == .low ? self : self >> 32) }
        set {
            switch half {
            case .low: self = self & 0xffff_ffff_0000_0000 | UInt64(newValue)
            case .high: self = self & 0xffff_ffff | UInt64(newValue) << 32
            }
        }
    }
}
