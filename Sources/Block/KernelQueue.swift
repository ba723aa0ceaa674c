internal import CLinux
internal import Glibc
internal import Host

/// The engine of the kernel's asynchronous I/O: on an O_DIRECT file (`aio=native`, over `AIOContext`), or on any
/// (`aio=io_uring`, over `IORing`).
///
/// Reads and writes go straight between the disk and the segments. What O_DIRECT cannot do takes a longer way, and the
/// submitter sees no difference:
///
/// - addresses that are not aligned: through an aligned buffer of our own;
/// - offsets and lengths that are not (a 512-byte request on a disk of 4096-byte blocks), requests that the kernel did
///   only in part (the end of the file), discards, zeroes, and flushes where the file system has no asynchronous one:
///   on a worker thread.
///
/// Generic, since the two kernel interfaces are used in the same way and a call through an existential for every request
/// would be the dearest part of it.
@safe final class KernelQueue<Interface: AIOInterface & ~Copyable>: BlockQueue {
    /// A read or write in the kernel's hands.
    @unsafe private struct Slot {
        var operation = BlockRequest.Operation.flush
        var offset: UInt64 = 0
        var count: UInt64 = 0
        var segments = unsafe UnsafeBufferPointer<iovec>(start: nil, count: 0)
        /// The aligned stand-in for the segments, described by the slot's entry in `bounceVectors`.
        var bounce: UnsafeMutableRawPointer?
    }

    /// Larger unaligned requests are not worth a copy in memory; they go through the page cache.
    private static var bounceLimit: UInt64 { 1 << 20 }

    private let file: ImageFile
    private let slow: ThreadedQueue
    private let event: EventFD
    private var context: Interface
    private let slots: UnsafeMutableBufferPointer<Slot>
    private let bounceVectors: UnsafeMutablePointer<iovec>
    /// Answered without the kernel.
    private var finished: [BlockCompletion] = []
    private var synchronizesInKernel = true
    private(set) var inFlight = 0

    init(file: ImageFile, depth: Int, slow: ThreadedQueue) throws(Errno) {
        self.file = file
        self.slow = slow
        event = slow.completionEvent
        context = try Interface(depth: depth, event: event)
        unsafe slots = .allocate(capacity: depth)
        unsafe slots.initialize(repeating: Slot())
        unsafe bounceVectors = .allocate(capacity: depth)
        unsafe bounceVectors.initialize(repeating: iovec(), count: depth)
        finished.reserveCapacity(depth)
    }

    deinit {
        // Normally drained by the owner; if not, the kernel and the workers must be done with our buffers first.
        while inFlight > 0 {
            if nextCompletion() == nil { waitForCompletion() }
        }
        unsafe slots.deallocate()
        unsafe bounceVectors.deallocate()
    }

    var eventDescriptor: Int32? { event.fileDescriptor }

    func submit(_ request: consuming BlockRequest) {
        inFlight += 1
        let tag = request.tag
        switch request.operation {
        case .read, .write:
            let place = request.offset &+ file.base
            guard let offset = Int64(exactly: place), file.isAligned(place, request.count) else {
                return slow.submit(request)
            }
            unsafe slots[tag] = unsafe Slot(
                operation: request.operation, offset: request.offset, count: request.count, segments: request.segments)
            var segments = unsafe request.segments
            if unsafe !file.isAligned(segments) {
                guard request.count <= KernelQueue.bounceLimit else { return slow.submit(request) }
                unsafe segments = unsafe makeBounce(tag)
            }
            unsafe context.prepare(
                slot: tag, isWrite(request.operation) ? .write : .read, file: file.descriptor.rawValue,
                segments: segments.baseAddress, count: segments.count, at: offset)
        case .flush where file.options.noFlush:
            finished.append(BlockCompletion(tag: tag, error: nil))
        case .flush where synchronizesInKernel:
            unsafe slots[tag] = Slot()
            unsafe context.prepare(
                slot: tag, .synchronize, file: file.descriptor.rawValue, segments: nil, count: 0, at: 0)
        case .flush, .discard, .writeZeroes:
            slow.submit(request)
        }
    }

    func dispatch() {
        context.submit { tag, error in
            if let answer = settle(tag, result: -Int(error.rawValue)) { finished.append(answer) }
        }
    }

    func acknowledgeEvent() { event.drain() }

    func nextCompletion() -> BlockCompletion? {
        guard inFlight > 0, let completion = takeCompletion() else { return nil }
        inFlight -= 1
        return completion
    }

    func waitForCompletion() {
        dispatch()
        guard inFlight > 0, finished.isEmpty else { return }
        event.wait()
    }

    private func takeCompletion() -> BlockCompletion? {
        if let answer = finished.popLast() { return answer }
        while let event = context.nextCompletion() {
            if let answer = settle(event.slot, result: event.result) { return answer }
        }
        return slow.nextCompletion()
    }

    /// Makes an answer of the kernel's result, or sends the request the slow way and answers later.
    private func settle(_ tag: Int, result: Int) -> BlockCompletion? {
        let slot = unsafe slots[tag]
        let error = result < 0 ? Errno(rawValue: Int32(clamping: -result)) : nil
        if case .flush = unsafe slot.operation {
            guard let error else { return BlockCompletion(tag: tag, error: nil) }
            guard error == .invalid || error.rawValue == EOPNOTSUPP else {
                return BlockCompletion(tag: tag, error: error)
            }
            synchronizesInKernel = false
            unsafe slow.submit(.flush, offset: 0, count: 0, segments: slot.segments, tag: tag)
            return nil
        }
        let isComplete = unsafe UInt64(clamping: result) == slot.count && error == nil
        endBounce(tag, deliver: isComplete)
        if isComplete { return BlockCompletion(tag: tag, error: nil) }
        if let error, error != .invalid, error != .wouldBlock, error != .interrupted {
            return BlockCompletion(tag: tag, error: error)
        }
        // In part, or not in this form: done again as a whole, which for reads and writes of a disk is no harm.
        unsafe slow.submit(slot.operation, offset: slot.offset, count: slot.count, segments: slot.segments, tag: tag)
        return nil
    }

    // MARK: Alignment

    private func isWrite(_ operation: BlockRequest.Operation) -> Bool {
        if case .write = operation { true } else { false }
    }

    /// Gives the slot an aligned buffer in place of its segments, filled from them for a write.
    private func makeBounce(_ tag: Int) -> UnsafeBufferPointer<iovec> {
        let slot = unsafe slots[tag]
        let count = unsafe Int(slot.count)
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: max(file.alignment, 512))
        unsafe slots[tag].bounce = buffer
        unsafe bounceVectors[tag] = iovec(iov_base: buffer, iov_len: count)
        if unsafe isWrite(slot.operation) {
            var done = 0
            for unsafe segment in unsafe slot.segments {
                guard let base = unsafe segment.iov_base, unsafe segment.iov_len <= count - done else { break }
                unsafe memcpy(buffer + done, base, segment.iov_len)
                done += unsafe segment.iov_len
            }
        }
        return unsafe UnsafeBufferPointer(start: bounceVectors + tag, count: 1)
    }

    private func endBounce(_ tag: Int, deliver: Bool) {
        let slot = unsafe slots[tag]
        guard let buffer = unsafe slot.bounce else { return }
        if deliver, unsafe !isWrite(slot.operation) {
            var done = 0
            for unsafe segment in unsafe slot.segments {
                guard let base = unsafe segment.iov_base, unsafe segment.iov_len <= Int(slot.count) - done else {
                    break
                }
                unsafe memcpy(base, buffer + done, segment.iov_len)
                done += unsafe segment.iov_len
            }
        }
        unsafe buffer.deallocate()
        unsafe slots[tag].bounce = nil
    }
}
