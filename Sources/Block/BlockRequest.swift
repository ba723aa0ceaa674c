package import CLinux
package import Host

/// One thing to do with a disk, owned by whoever has to do it next.
///
/// Not copyable: `BlockQueue.submit` consumes it, and from then on the answer, with the same tag, is the only trace of
/// it.
@safe package struct BlockRequest: ~Copyable {
    package enum Operation: Sendable {
        /// Fills the segments.
        case read
        case write
        /// Everything written before is on stable storage afterwards.
        case flush
        /// The contents of the range are of no more interest. A hint.
        case discard
        /// The range reads as zero; the space may be given back if `unmap`.
        case writeZeroes(unmap: Bool)
    }

    package let operation: Operation
    /// Both in bytes, inside the disk, multiples of 512.
    package let offset: UInt64
    package let count: UInt64
    /// Where the bytes are or go, `count` in all. The memory and the array stay valid until the completion.
    package let segments: UnsafeBufferPointer<iovec>
    /// Names the request; below the queue's depth and unique among those in flight.
    package let tag: Int

    package init(
        _ operation: Operation, offset: UInt64 = 0, count: UInt64 = 0,
        segments: UnsafeBufferPointer<iovec> = unsafe UnsafeBufferPointer(start: nil, count: 0), tag: Int
    ) {
        self.operation = operation
        self.offset = offset
        self.count = count
        unsafe self.segments = segments
        self.tag = tag
    }
}

/// The answer to a request.
package struct BlockCompletion: Sendable, Equatable {
    package let tag: Int
    /// Nil: it was done, completely.
    package let error: Errno?

    package init(tag: Int, error: Errno?) {
        self.tag = tag
        self.error = error
    }
}
