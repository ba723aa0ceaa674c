internal import CAIO
package import CLinux
internal import Glibc
internal import Synchronization

/// A queue of the kernel's asynchronous file I/O (`io_submit(2)`): requests go down in batches, completions are read
/// from a ring the kernel shares with us.
///
/// ```
///   prepare(slot 3) ┐                          kernel                     ┌─ nextCompletion() → slot 5
///   prepare(slot 7) ├─ submit(): one call ──►  … I/O …  ──► event ring ───┤
///   prepare(slot 1) ┘                             │         (mmapped)     └─ nextCompletion() → slot 3
///                                                 └──► eventfd wakes the loop
/// ```
///
/// Nothing is allocated after `init`.
///
/// Taking a completion is a few loads and one store in user space, as the ring's `head` belongs to its (only) reader.
/// One thread at a time.
@safe package struct AIOContext: ~Copyable, AIOInterface {
    private let context: io_context_t
    private let event: EventFD
    private let depth: Int
    /// One control block per slot, and the batch that the next `submit` hands down.
    private let blocks: UnsafeMutablePointer<iocb>
    private let batch: UnsafeMutablePointer<UnsafeMutablePointer<iocb>?>
    private var batchCount = 0
    /// Handed to the kernel and not answered yet.
    package private(set) var submitted = 0

    /// - Parameters:
    ///   - depth: how many requests may be in flight.
    ///   - event: signalled by the kernel with every completion.
    package init(depth: Int, event: EventFD) throws(Errno) {
        var context: io_context_t? = nil
        let result = unsafe io_setup(Int32(clamping: depth), &context)
        guard result >= 0 else { throw Errno(rawValue: -result) }
        guard let context = unsafe context else { throw .invalid }
        unsafe self.context = context
        self.event = event
        self.depth = depth
        unsafe blocks = .allocate(capacity: depth)
        unsafe blocks.initialize(repeating: iocb(), count: depth)
        unsafe batch = .allocate(capacity: depth)
        unsafe batch.initialize(repeating: nil, count: depth)
    }

    /// Waits for what is in flight: afterwards the kernel touches no buffer any more.
    deinit {
        _ = unsafe io_destroy(context)
        unsafe blocks.deallocate()
        unsafe batch.deallocate()
    }

    /// Adds a vectored read or write (or a synchronize, without segments) to the batch.
    ///
    /// The segments' memory must stay valid until the completion; the segment array until `submit` took the request.
    package mutating func prepare(
        slot: Int, _ operation: AIOOperation, file: Int32, segments: UnsafePointer<iovec>?, count: Int, at offset: Int64
    ) {
        guard slot >= 0, slot < depth, batchCount < depth else { return }
        let block = unsafe blocks + slot
        switch operation {
        case .read: unsafe io_prep_preadv(block, file, segments, Int32(clamping: count), offset)
        case .write: unsafe io_prep_pwritev(block, file, segments, Int32(clamping: count), offset)
        case .synchronize: unsafe io_prep_fdsync(block, file)
        }
        unsafe io_set_eventfd(block, event.fileDescriptor)
        unsafe block.pointee.data = UnsafeMutableRawPointer(bitPattern: slot)
        unsafe batch[batchCount] = block
        batchCount += 1
    }

    /// Hands the batch to the kernel: one system call for as much as it takes.
    ///
    /// What the kernel has no room for now (`EAGAIN`) stays in the batch while anything is in flight, for the `submit`
    /// that follows a completion. A request that it will not do at all is given to `rejected` and its slot is free.
    package mutating func submit(_ rejected: (_ slot: Int, _ error: Errno) -> Void) {
        var done = 0
        while done < batchCount {
            let result = unsafe io_submit(context, batchCount - done, batch + done)
            if result > 0 {
                done += Int(result)
                submitted += Int(result)
                continue
            }
            let error = Errno(rawValue: -result)
            if error == .interrupted { continue }
            if error == .wouldBlock, submitted > 0 { break }
            // The error is about the first request of the rest only.
            if let block = unsafe batch[done] { unsafe rejected(block - blocks, error) }
            done += 1
        }
        let rest = batchCount - done
        for index in 0..<rest { unsafe batch[index] = batch[done + index] }
        batchCount = rest
    }

    /// The next finished request, if there is one.
    package mutating func nextCompletion() -> AIOCompletion? {
        guard submitted > 0 else { return nil }
        var event = unsafe io_event()
        guard unsafe ring.take(&event) ?? (io_getevents(context, 0, 1, &event, nil) == 1) else { return nil }
        submitted -= 1
        let slot = unsafe Int(bitPattern: event.data)
        return unsafe AIOCompletion(slot: slot, result: Int(bitPattern: UInt(event.res)))
    }

    /// An `io_context_t` is the address of the ring.
    private var ring: AIORing { unsafe AIORing(UnsafeMutableRawPointer(context)) }
}
