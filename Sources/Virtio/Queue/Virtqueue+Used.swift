internal import Synchronization

extension Virtqueue {
    /// Hands a chain back, with the number of bytes written to it. The driver sees it after `publish`.
    package mutating func complete(_ head: UInt16, written: UInt32) {
        let entry = unsafe usedRing + 8 * Int(nextUsed & (size &- 1))
        unsafe entry.storeBytes(of: UInt32(head).littleEndian, as: UInt32.self)
        unsafe entry.storeBytes(of: written.littleEndian, toByteOffset: 4, as: UInt32.self)
        nextUsed &+= 1
    }

    /// Shows the driver everything completed since the last time, with one store; true if it wants an interrupt.
    package mutating func publish() -> Bool {
        let old = publishedUsed
        let new = nextUsed
        guard new != old else { return false }
        // Releasing: buffers and entries are written before the index that covers them.
        unsafe usedIndex.pointee.store(new.littleEndian, ordering: .releasing)
        publishedUsed = new
        // The index must be visible before the driver's wish is read; the driver does the same the other way round.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if mustNotify {
            mustNotify = false
            return true
        }
        if hasEventIndex {
            let event = unsafe UInt16(littleEndian: usedEvent.pointee.load(ordering: .relaxed))
            // The entry at `event` is among old..<new, in arithmetic modulo 2^16 (§2.7.10).
            return new &- event &- 1 < new &- old
        }
        return unsafe UInt16(littleEndian: availableFlags.pointee.load(ordering: .relaxed)) & 1 == 0
    }
}
