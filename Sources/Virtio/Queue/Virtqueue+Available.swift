internal import CLinux
internal import Memory
internal import Synchronization

extension Virtqueue {
    /// Takes the next chain that the driver made available; false if there is none.
    ///
    /// An error is final: the ring is not to be trusted any more, and the device asks for a reset.
    package mutating func next(into chain: inout DescriptorChain) throws(VirtqueueError) -> Bool {
        if nextAvailable == knownAvailable {
            // Acquiring: ring entry and descriptors were written before the index that covers them.
            let index = unsafe UInt16(littleEndian: availableIndex.pointee.load(ordering: .acquiring))
            guard index &- nextAvailable <= size else { throw .availableIndex(index, expected: nextAvailable) }
            if index == nextAvailable { return false }
            knownAvailable = index
        }
        let entry = unsafe availableRing + 2 * Int(nextAvailable & (size &- 1))
        let head = UInt16(littleEndian: unsafe apus_load_once_16(entry))
        try walk(from: head, into: &chain)
        nextAvailable &+= 1
        return true
    }

    /// Takes the last `next` back, for a device that stops before it could serve it. Only while nothing taken later is
    /// in flight.
    package mutating func putBack() { nextAvailable &-= 1 }

    /// Follows a chain to its end, resolving its buffers.
    private func walk(from head: UInt16, into chain: inout DescriptorChain) throws(VirtqueueError) {
        chain.begin(head)
        var table = unsafe descriptors
        var tableCount = UInt32(size)
        var index = UInt32(head)
        var isIndirect = false
        // A chain visits no descriptor twice, so it has at most as many as its table.
        var remaining = tableCount
        while true {
            guard index < tableCount else { throw .descriptorIndex(index, count: tableCount) }
            guard remaining > 0 else { throw .loop }
            remaining -= 1
            let descriptor = unsafe Descriptor(loading: table + Int(index) * Descriptor.byteCount)
            if descriptor.flags.contains(.indirect) {
                guard hasIndirect, !isIndirect, !descriptor.flags.contains(.next) else { throw .unexpectedIndirect }
                unsafe table = unsafe try indirectTable(descriptor)
                tableCount = descriptor.count / UInt32(Descriptor.byteCount)
                remaining = tableCount
                index = 0
                isIndirect = true
                continue
            }
            try append(descriptor, to: &chain)
            guard descriptor.flags.contains(.next) else { return }
            index = UInt32(descriptor.next)
        }
    }

    private func indirectTable(_ descriptor: Descriptor) throws(VirtqueueError) -> UnsafeRawPointer {
        let size = UInt32(Descriptor.byteCount)
        guard descriptor.count > 0, descriptor.count % size == 0, descriptor.count / size <= DescriptorChain.limit
        else {
            throw .indirectLength(descriptor.count)
        }
        guard let host = unsafe memory.pointer(descriptor.address, count: UInt64(descriptor.count)) else {
            throw .indirectAddress(descriptor.address)
        }
        return UnsafeRawPointer(host)
    }

    private func append(_ descriptor: Descriptor, to chain: inout DescriptorChain) throws(VirtqueueError) {
        guard descriptor.count > 0 else { throw .emptyBuffer }
        let isWritable = descriptor.flags.contains(.write)
        guard isWritable || !chain.hasWritable else { throw .order }
        let count = UInt64(descriptor.count)
        if let host = unsafe memory.pointer(descriptor.address, count: count) {
            unsafe chain.append(host, Int(count), isWritable: isWritable)
        } else {
            // Across the border of two adjacent regions, or not memory at all.
            let isMemory = unsafe memory.pieces(descriptor.address, count: count) { host, count in
                unsafe chain.append(host, count, isWritable: isWritable)
            }
            guard isMemory else { throw .bufferAddress(descriptor.address, count: descriptor.count) }
        }
        guard chain.segmentCount <= DescriptorChain.limit else { throw .tooLong }
    }

    // MARK: Kicks

    /// Tells the driver that it need not kick: the caller is looking at the ring anyway. A hint.
    ///
    /// With event indices there is nothing to do: the index named last has been passed.
    package mutating func suppressKicks() {
        guard !hasEventIndex else { return }
        unsafe usedFlags.pointee.store(UInt16(1).littleEndian, ordering: .relaxed)
    }

    /// Asks for a kick with the next chain; true if one came meanwhile, which will not be kicked for.
    package mutating func resumeKicks() -> Bool {
        if hasEventIndex {
            unsafe availableEvent.pointee.store(nextAvailable.littleEndian, ordering: .relaxed)
        } else {
            unsafe usedFlags.pointee.store(0, ordering: .relaxed)
        }
        // The wish must be visible before the index is looked at again; the driver does the same the other way round.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return hasAvailable
    }

    /// Whether the driver has made something available that was not taken.
    package var hasAvailable: Bool {
        unsafe UInt16(littleEndian: availableIndex.pointee.load(ordering: .acquiring)) != nextAvailable
    }
}
