package import Memory

/// Where a driver put a queue.
package struct VirtqueueConfiguration: Sendable, Equatable {
    /// The largest size the specification allows.
    package static let maximumSize: UInt16 = 32768

    package var size: UInt16
    package var descriptors: GuestAddress
    package var available: GuestAddress
    package var used: GuestAddress

    package init(size: UInt16, descriptors: GuestAddress, available: GuestAddress, used: GuestAddress) {
        self.size = size
        self.descriptors = descriptors
        self.available = available
        self.used = used
    }
}

/// How far a queue got: all of its state that is not in guest memory, as a pause keeps and a snapshot saves it.
package struct VirtqueuePosition: Sendable, Equatable {
    /// The next available entry to take.
    package var nextAvailable: UInt16
    /// The next used entry to fill.
    package var nextUsed: UInt16

    package init(nextAvailable: UInt16 = 0, nextUsed: UInt16 = 0) {
        self.nextAvailable = nextAvailable
        self.nextUsed = nextUsed
    }
}
