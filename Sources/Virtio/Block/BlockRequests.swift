internal import Block

/// The request slots of one lane: as many as its queue can hold, made once, used for request after request.
@safe final class BlockRequests {
    /// A request in flight; its index is its tag with the engine.
    @safe struct Slot: ~Copyable {
        var chain = DescriptorChain()
        /// Where the status byte goes, in guest memory.
        var status: UnsafeMutablePointer<UInt8>?
        var type: UInt32 = 0
        /// What is asked of the engine, in bytes of the disk.
        var operation = BlockRequest.Operation.flush
        var offset: UInt64 = 0
        var count: UInt64 = 0
        /// When it arrived, by the host's clock.
        var arrival: UInt64 = 0
        /// Bytes written to the guest if all goes well.
        var written: UInt32 = 0
        /// The write was done, and its flush is in flight.
        var isFlushing = false
    }

    let engine: any BlockQueue
    let disk: BlockDisk
    let counters = BlockCounters()
    let slots: UnsafeMutablePointer<Slot>
    private let depth: Int
    /// Requests that the host failed, to be tried again when the machine goes on.
    private(set) var failed: [Int] = []
    /// Where their queue was left. They belong to no other.
    private var place: VirtqueuePlace?
    /// Tells releases of requests that are held from releases of those that went anyway.
    private var lastSession: UInt64 = 0
    /// A stack of free indices: the slot used last is the one still in the cache.
    private let free: UnsafeMutablePointer<Int32>
    private(set) var freeCount: Int

    init(engine: any BlockQueue, depth: Int, disk: BlockDisk) {
        self.engine = engine
        self.disk = disk
        self.depth = depth
        unsafe slots = .allocate(capacity: depth)
        unsafe free = .allocate(capacity: depth)
        freeCount = depth
        for index in 0..<depth {
            unsafe (slots + index).initialize(to: Slot())
            unsafe (free + index).initialize(to: Int32(depth - 1 - index))
        }
    }

    deinit {
        unsafe slots.deinitialize(count: depth)
        unsafe slots.deallocate()
        unsafe free.deallocate()
    }

    /// The slot that `take` gives next; there must be one.
    var nextFree: Int { unsafe Int(free[freeCount - 1]) }

    // MARK: Failed requests

    func keep(_ index: Int) { failed.append(index) }

    /// Their queue goes: remembers which it was, and keeps the memory that they name.
    func leave(_ queue: borrowing Virtqueue) {
        place = failed.isEmpty ? nil : queue.place
    }

    /// Takes the failed requests of a queue that comes back. Of another queue there are none: a driver that set it up
    /// anew has forgotten the old one's.
    func returned(to queue: borrowing Virtqueue) -> [Int] {
        guard let place else { return [] }
        guard queue.place == place else {
            forget()
            return []
        }
        self.place = nil
        defer { failed = [] }
        return failed
    }

    func forget() {
        for index in failed { giveBack(index) }
        failed = []
        place = nil
    }

    func nextSession() -> UInt64 {
        lastSession += 1
        return lastSession
    }

    func take() { freeCount -= 1 }

    func giveBack(_ index: Int) {
        unsafe free[freeCount] = Int32(truncatingIfNeeded: index)
        freeCount += 1
    }
}
