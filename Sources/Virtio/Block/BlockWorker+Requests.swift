internal import Block
internal import CLinux
internal import Host

// One request: from its chain to the engine, and from its completion to its status byte.
extension BlockWorker {
    /// Judges a request and submits it, or answers it at once.
    mutating func begin(_ index: Int) throws(VirtqueueError) {
        let slot = unsafe requests.slots + index
        // Header: type, reserved, sector (§5.2.6).
        guard let type = unsafe slot.pointee.chain.take(UInt32.self),
            unsafe slot.pointee.chain.take(UInt32.self) != nil,
            let sector = unsafe slot.pointee.chain.take(UInt64.self)
        else { throw .request("is too short for its header") }
        guard let status = unsafe slot.pointee.chain.takeLastWritableByte() else {
            throw .request("has no room for its status")
        }
        unsafe slot.pointee.status = status
        unsafe slot.pointee.type = type
        unsafe slot.pointee.written = 1
        unsafe slot.pointee.isFlushing = false

        switch type {
        case BlockRequestType.read:
            let count = unsafe slot.pointee.chain.writableCount
            guard let offset = disk.offset(sector: sector, count: UInt64(count)) else { return refuse(index) }
            unsafe slot.pointee.written = UInt32(clamping: count + 1)
            send(index, .read, offset: offset, count: UInt64(count))
        case BlockRequestType.write:
            let count = unsafe slot.pointee.chain.readableCount
            guard !disk.isReadOnly, let offset = disk.offset(sector: sector, count: UInt64(count)) else {
                return refuse(index)
            }
            send(index, .write, offset: offset, count: UInt64(count))
        case BlockRequestType.flush:
            send(index, .flush, offset: 0, count: 0)
        case BlockRequestType.getID:
            unsafe slot.pointee.written = unsafe UInt32(slot.pointee.chain.write(disk.id) + 1)
            answer(index, .ok)
        case BlockRequestType.discard, BlockRequestType.writeZeroes:
            beginRange(index, type)
        default:
            answer(index, .unsupported)
        }
    }

    /// Discard and write zeroes: the range is in the data, of which there is one segment (§5.2.6).
    private mutating func beginRange(_ index: Int, _ type: UInt32) {
        let slot = unsafe requests.slots + index
        guard !disk.isReadOnly, unsafe slot.pointee.chain.readableCount == 16,
            let sector = unsafe slot.pointee.chain.take(UInt64.self),
            let sectors = unsafe slot.pointee.chain.take(UInt32.self),
            let flags = unsafe slot.pointee.chain.take(UInt32.self),
            sectors <= BlockDisk.maximumRangeSectors
        else { return refuse(index) }
        let isDiscard = type == BlockRequestType.discard
        // Bit 0, unmap, is for zeroes only; the rest is reserved (§5.2.6.2).
        guard flags & ~1 == 0, !isDiscard || flags == 0 else { return answer(index, .unsupported) }
        let count = UInt64(sectors) * BlockDisk.sectorSize
        guard let offset = disk.offset(sector: sector, count: count) else { return refuse(index) }
        guard count > 0 else { return answer(index, .ok) }
        send(index, isDiscard ? .discard : .writeZeroes(unmap: flags & 1 != 0), offset: offset, count: count)
    }

    /// Answers a request that nothing can be done about.
    mutating func refuse(_ index: Int) {
        counters.refused(unsafe requests.slots[index].type)
        answer(index, .ioError)
    }

    /// Notes what a judged request comes to, and hands it to the engine.
    private mutating func send(_ index: Int, _ operation: BlockRequest.Operation, offset: UInt64, count: UInt64) {
        let slot = unsafe requests.slots + index
        unsafe slot.pointee.operation = operation
        unsafe slot.pointee.offset = offset
        unsafe slot.pointee.count = count
        unsafe slot.pointee.arrival = now
        if disk.isThrottled, mustWait(index, operation, count) { return }
        submit(index)
    }

    /// Asks the disk's limits; a request that must wait is kept.
    private mutating func mustWait(_ index: Int, _ operation: BlockRequest.Operation, _ count: UInt64) -> Bool {
        let direction: ThrottleDirection
        switch operation {
        case .read: direction = .read
        case .write, .writeZeroes: direction = .write
        case .flush, .discard: return false
        }
        guard let throttle = disk.throttle,
            !throttle.admit(direction, bytes: count, waiter: lane, session: session)
        else { return false }
        held.append(index, direction)
        return true
    }

    func submit(_ index: Int) {
        let slot = unsafe requests.slots + index
        let segments =
            switch unsafe slot.pointee.operation {
            case .read: unsafe slot.pointee.chain.writable
            case .write: unsafe slot.pointee.chain.readable
            case .flush, .discard, .writeZeroes: unsafe UnsafeBufferPointer<iovec>(start: nil, count: 0)
            }
        unsafe engine.submit(
            BlockRequest(
                slot.pointee.operation, offset: slot.pointee.offset, count: slot.pointee.count, segments: segments,
                tag: index))
    }

    mutating func finish(_ completion: BlockCompletion) {
        let slot = unsafe requests.slots + completion.tag
        let type = unsafe slot.pointee.type
        if let error = completion.error {
            counters.failed(unsafe slot.pointee.operation, at: now)
            switch unsafe disk.judge(error, slot.pointee.operation, type) {
            case .ignore: break
            // The slot stays taken, so that the driver sees a request that takes long.
            case .stop: return requests.keep(completion.tag)
            case .report:
                unsafe slot.pointee.written = 1
                return answer(completion.tag, .ioError)
            }
        }
        // Write-through: the write counts when it is on stable storage.
        let isWrite = type == BlockRequestType.write || type == BlockRequestType.writeZeroes
        if isWrite, !disk.writeCache, unsafe !slot.pointee.isFlushing {
            unsafe slot.pointee.isFlushing = true
            unsafe engine.submit(BlockRequest(.flush, tag: completion.tag))
            return engine.dispatch()
        }
        unsafe counters.done(
            slot.pointee.operation, offset: slot.pointee.offset, count: slot.pointee.count,
            from: slot.pointee.arrival, to: now)
        answer(completion.tag, .ok)
    }

    /// Gives the chain back to the driver; it sees it with the next publication.
    private mutating func answer(_ index: Int, _ status: BlockRequestStatus) {
        let slot = unsafe requests.slots + index
        unsafe slot.pointee.status?.pointee = status.rawValue
        unsafe queue.complete(slot.pointee.chain.head, written: slot.pointee.written)
        requests.giveBack(index)
    }
}
