package import CLinux
internal import Glibc

/// One request's buffers, resolved to host memory: first what the device reads, then what it writes.
///
/// ```
///      segments:   [ r r r | w w ]        one array, allocated once and used for request after request
///                    │   │   │ └ takeLastWritableByte()      a status byte at the very end
///      take() ───────┘   │   └── writable                    data for the driver
///                        └────── readable                    data from the driver
/// ```
///
/// The specification leaves it to the driver how bytes are spread over buffers (§2.7.4.2): headers are *taken* from
/// the front and status bytes from the back, wherever the buffers' borders are, and what is left is data.
///
/// The memory is the running guest's. Headers are copied out once; data goes to the kernel as iovecs. The pointers are
/// valid as long as the queue that filled the chain, or its memory, lives.
@safe package struct DescriptorChain: ~Copyable, @unchecked Sendable {
    /// The most buffers of one chain: what the kernel takes in one vectored call.
    package static let limit = 1024
    private static let initialCapacity = 8

    /// The chain's first descriptor, which names it in the used ring.
    package private(set) var head: UInt16 = 0
    /// Bytes left for the device to read.
    package private(set) var readableCount = 0
    /// Bytes left for the device to write.
    package private(set) var writableCount = 0

    private var storage: UnsafeMutablePointer<iovec>
    private var capacity = DescriptorChain.initialCapacity
    /// Readable segments are `first..<middle`, writable ones `middle..<end`.
    private var first = 0
    private var middle = 0
    private var end = 0

    package init() {
        unsafe storage = .allocate(capacity: capacity)
    }

    deinit { unsafe storage.deallocate() }

    package var readable: UnsafeBufferPointer<iovec> {
        unsafe UnsafeBufferPointer(start: storage + first, count: middle - first)
    }

    package var writable: UnsafeBufferPointer<iovec> {
        unsafe UnsafeBufferPointer(start: storage + middle, count: end - middle)
    }

    // MARK: Filling, by the queue

    var segmentCount: Int { end }
    var hasWritable: Bool { end > middle }

    mutating func begin(_ head: UInt16) {
        self.head = head
        readableCount = 0
        writableCount = 0
        first = 0
        middle = 0
        end = 0
    }

    mutating func append(_ host: UnsafeMutableRawPointer, _ count: Int, isWritable: Bool) {
        if end == capacity { grow() }
        unsafe (storage + end).initialize(to: iovec(iov_base: host, iov_len: count))
        end += 1
        if isWritable {
            writableCount += count
        } else {
            middle = end
            readableCount += count
        }
    }

    /// Long chains are rare; a chain that met one keeps the room.
    private mutating func grow() {
        let larger = UnsafeMutablePointer<iovec>.allocate(capacity: capacity * 4)
        unsafe larger.moveInitialize(from: storage, count: end)
        unsafe storage.deallocate()
        unsafe storage = larger
        capacity *= 4
    }

    // MARK: Using, by the device

    /// Takes a little-endian value from the front of the readable bytes; nil, and nothing taken, if they are too few.
    package mutating func take<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type = Value.self) -> Value? {
        var value: Value = 0
        let size = MemoryLayout<Value>.size
        guard readableCount >= size else { return nil }
        unsafe withUnsafeMutableBytes(of: &value) { unsafe takeReadable(into: $0) }
        return Value(littleEndian: value)
    }

    /// Takes exactly `buffer.count` bytes, which must be there.
    private mutating func takeReadable(into buffer: UnsafeMutableRawBufferPointer) {
        var done = 0
        while done < buffer.count, first < middle {
            let segment = unsafe storage[first]
            let count = unsafe min(segment.iov_len, buffer.count - done)
            guard let from = unsafe segment.iov_base, let to = buffer.baseAddress else { return }
            unsafe memcpy(to + done, from, count)
            done += count
            if unsafe count == segment.iov_len {
                first += 1
            } else {
                unsafe storage[first] = unsafe iovec(iov_base: from + count, iov_len: segment.iov_len - count)
            }
        }
        readableCount -= done
    }

    /// Takes the last writable byte, to be stored to when the request is done; nil if there is none.
    package mutating func takeLastWritableByte() -> UnsafeMutablePointer<UInt8>? {
        guard end > middle, let base = unsafe storage[end - 1].iov_base else { return nil }
        let rest = unsafe storage[end - 1].iov_len - 1
        if rest == 0 { end -= 1 } else { unsafe storage[end - 1].iov_len = rest }
        writableCount -= 1
        return unsafe (base + rest).assumingMemoryBound(to: UInt8.self)
    }

    /// Copies bytes to the front of the writable ones: as many as there is room for, whose number is the result.
    package func write(_ bytes: [UInt8]) -> Int {
        var done = 0
        for unsafe segment in unsafe writable where done < bytes.count {
            let count = unsafe min(segment.iov_len, bytes.count - done)
            unsafe bytes.withUnsafeBytes { bytes in
                guard let from = bytes.baseAddress, let to = unsafe segment.iov_base else { return }
                unsafe memcpy(to, from + done, count)
            }
            done += count
        }
        return done
    }
}
