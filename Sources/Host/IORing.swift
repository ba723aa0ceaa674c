package import CLinux
internal import Glibc
internal import Synchronization

/// A queue of asynchronous file I/O over `io_uring(7)`, which needs no O_DIRECT to be asynchronous.
///
/// ```
///                       user space writes            kernel reads
///   prepare(slot 3) ─► entries[1]  ◄── array[1] ◄── submission ring: head … tail      one io_uring_enter per batch
///
///   nextCompletion() ◄─────────────────────────────  completion ring: head … tail ◄── kernel writes
///                                                         └──► eventfd wakes the loop
/// ```
///
/// Both rings are shared with the kernel and have one writer for each index, so taking a completion is a few loads and
/// one store. Nothing is allocated after `init`. One thread at a time; not always the same one.
@safe package struct IORing: ~Copyable, AIOInterface {
    private let descriptor: FileDescriptor
    /// Keeps the event that the kernel signals open.
    private let event: EventFD
    private let ring: Region
    private let entries: Region
    private let submission: Indices
    private let completion: Indices
    private let completions: UnsafePointer<io_uring_cqe>
    private let depth: Int
    /// Prepared, and not handed to the kernel yet.
    private var batchCount: UInt32 = 0
    /// Handed to the kernel and not answered yet.
    package private(set) var submitted = 0

    /// Why this kernel refuses io_uring to this process; nil: it does not. ENOSYS where it is too old or built without,
    /// EPERM where `kernel.io_uring_disabled` or a seccomp filter says so.
    package static var refusal: Errno? {
        do throws(Errno) {
            _ = try IORing(depth: 1, event: try EventFD())
            return nil
        } catch {
            return error
        }
    }

    package init(depth: Int, event: EventFD) throws(Errno) {
        var parameters = io_uring_params()
        let result = unsafe apus_ring_setup(UInt32(clamping: max(depth, 1)), &parameters)
        let descriptor = FileDescriptor(owning: try Errno.check(result))
        let features = UInt32(APUS_RING_FEATURES)
        guard parameters.features & features == features else { throw Errno(rawValue: ENOSYS) }
        let submissionSize =
            Int(parameters.sq_off.array) + Int(parameters.sq_entries) * MemoryLayout<UInt32>.size
        let completionSize =
            Int(parameters.cq_off.cqes) + Int(parameters.cq_entries) * MemoryLayout<io_uring_cqe>.stride
        let ring = try Region(
            descriptor, size: max(submissionSize, completionSize), at: Int(APUS_RING_OFFSET))
        let entries = try Region(
            descriptor, size: Int(parameters.sq_entries) * MemoryLayout<io_uring_sqe>.stride,
            at: Int(APUS_RING_ENTRIES_OFFSET))
        try Errno.check(apus_ring_register_event(descriptor.rawValue, event.fileDescriptor))

        submission = unsafe Indices(
            ring.base, parameters.sq_off.head, parameters.sq_off.tail, mask: parameters.sq_entries - 1)
        completion = unsafe Indices(
            ring.base, parameters.cq_off.head, parameters.cq_off.tail, mask: parameters.cq_entries - 1)
        unsafe completions = UnsafePointer(
            (ring.base + Int(parameters.cq_off.cqes)).assumingMemoryBound(to: io_uring_cqe.self))
        // Entry n is always described by place n of the array, so the array never changes.
        let array = unsafe (ring.base + Int(parameters.sq_off.array)).assumingMemoryBound(to: UInt32.self)
        for index in 0..<parameters.sq_entries { unsafe array[Int(index)] = index }
        self.descriptor = descriptor
        self.event = event
        self.ring = ring
        self.entries = entries
        self.depth = depth
    }

    package mutating func prepare(
        slot: Int, _ operation: AIOOperation, file: Int32, segments: UnsafePointer<iovec>?, count: Int, at offset: Int64
    ) {
        guard slot >= 0, slot < depth, batchCount <= submission.mask else { return }
        let (code, flags) =
            switch operation {
            case .read: (APUS_RING_READ, UInt32(0))
            case .write: (APUS_RING_WRITE, 0)
            case .synchronize: (APUS_RING_SYNC, UInt32(APUS_RING_DATA_ONLY))
            }
        // The tail is ours alone: the kernel only reads it.
        let tail = unsafe submission.tail.pointee.load(ordering: .relaxed)
        let entry = unsafe entries.base.assumingMemoryBound(to: io_uring_sqe.self) + Int(tail & submission.mask)
        unsafe apus_ring_prepare(
            entry, UInt8(code), file, segments, UInt32(clamping: count), UInt64(bitPattern: offset), flags,
            UInt64(slot))
        // Releasing: whoever sees the tail sees the entry.
        unsafe submission.tail.pointee.store(tail &+ 1, ordering: .releasing)
        batchCount += 1
    }

    package mutating func submit(_ rejected: (_ slot: Int, _ error: Errno) -> Void) {
        while batchCount > 0 {
            let result = apus_ring_enter(descriptor.rawValue, batchCount)
            if result > 0 {
                batchCount -= min(batchCount, UInt32(result))
                submitted += Int(result)
                continue
            }
            let error = result < 0 ? Errno.current : .wouldBlock
            if error == .interrupted { continue }
            // No room for now: the batch waits for the `submit` that follows a completion.
            if submitted > 0, error == .wouldBlock || error.rawValue == EBUSY { return }
            return withdraw(error, rejected)
        }
    }

    /// Takes the batch back. The kernel reads the ring only inside of `enter`, so the tail may go back to its head.
    private mutating func withdraw(_ error: Errno, _ rejected: (_ slot: Int, _ error: Errno) -> Void) {
        let tail = unsafe submission.tail.pointee.load(ordering: .relaxed)
        unsafe submission.tail.pointee.store(tail &- batchCount, ordering: .releasing)
        let first = unsafe entries.base.assumingMemoryBound(to: io_uring_sqe.self)
        for index in 0..<batchCount {
            let place = Int((tail &- batchCount &+ index) & submission.mask)
            rejected(unsafe Int(truncatingIfNeeded: first[place].user_data), error)
        }
        batchCount = 0
    }

    package mutating func nextCompletion() -> AIOCompletion? {
        guard submitted > 0 else { return nil }
        let head = unsafe completion.head.pointee.load(ordering: .relaxed)
        // Acquiring: the entry was written before the tail that covers it.
        guard unsafe head != completion.tail.pointee.load(ordering: .acquiring) else { return nil }
        let entry = unsafe completions[Int(head & completion.mask)]
        // Releasing: the kernel may reuse the entry once it sees the new head.
        unsafe completion.head.pointee.store(head &+ 1, ordering: .releasing)
        submitted -= 1
        return AIOCompletion(slot: Int(truncatingIfNeeded: entry.user_data), result: Int(entry.res))
    }

    /// Where a ring begins and ends. Both indices run freely; a place is `index & mask`.
    @safe private struct Indices {
        let head: UnsafePointer<Atomic<UInt32>>
        let tail: UnsafePointer<Atomic<UInt32>>
        let mask: UInt32

        init(_ base: UnsafeMutableRawPointer, _ head: UInt32, _ tail: UInt32, mask: UInt32) {
            unsafe self.head = UnsafePointer((base + Int(head)).assumingMemoryBound(to: Atomic<UInt32>.self))
            unsafe self.tail = UnsafePointer((base + Int(tail)).assumingMemoryBound(to: Atomic<UInt32>.self))
            self.mask = mask
        }
    }

    /// Memory shared with the kernel, mapped while this lives.
    @safe private final class Region {
        let base: UnsafeMutableRawPointer
        private let size: Int

        init(_ descriptor: borrowing FileDescriptor, size: Int, at offset: Int) throws(Errno) {
            let address = unsafe mmap(
                nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor.rawValue, off_t(offset))
            guard let address = unsafe address, unsafe address != apus_map_failed() else { throw .current }
            unsafe base = address
            self.size = size
        }

        deinit { _ = unsafe munmap(base, size) }
    }
}
