internal import Memory

/// Which queue, and where in it: two queues that are at the same place go on with the same requests.
///
/// Keeps the memory of the queue's requests mapped.
struct VirtqueuePlace: Equatable {
    private let memory: GuestMemory
    private let descriptors: UInt
    private let size: UInt16
    private let nextAvailable: UInt16
    private let nextUsed: UInt16

    fileprivate init(_ queue: borrowing Virtqueue) {
        memory = queue.memory
        descriptors = unsafe UInt(bitPattern: queue.descriptors)
        size = queue.size
        nextAvailable = queue.nextAvailable
        nextUsed = queue.nextUsed
    }

    static func == (left: VirtqueuePlace, right: VirtqueuePlace) -> Bool {
        left.descriptors == right.descriptors && left.size == right.size && left.nextAvailable == right.nextAvailable
            && left.nextUsed == right.nextUsed
    }
}

extension Virtqueue {
    var place: VirtqueuePlace { VirtqueuePlace(self) }
}
