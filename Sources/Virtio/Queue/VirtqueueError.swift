package import Host
package import Memory

/// How a driver broke the rules of a queue. The device needs a reset then.
package enum VirtqueueError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not a power of two, zero, or more than the device offers.
    case size(UInt16)
    case ringAlignment(GuestAddress)
    /// A ring is not in guest memory.
    case ringAddress(GuestAddress)
    /// The available index moved by more than the queue holds.
    case availableIndex(UInt16, expected: UInt16)
    /// A head or a `next` is not in its table.
    case descriptorIndex(UInt32, count: UInt32)
    /// A chain has more descriptors than its table: it goes in circles.
    case loop
    /// More buffers than a request may have.
    case tooLong
    /// A buffer for reading behind one for writing.
    case order
    case emptyBuffer
    /// A buffer that is not all guest memory.
    case bufferAddress(GuestAddress, count: UInt32)
    /// An indirect descriptor without the feature, inside an indirect table, or with a `next`.
    case unexpectedIndirect
    /// The length of an indirect table is not a small multiple of 16.
    case indirectLength(UInt32)
    /// An indirect table that is not in guest memory.
    case indirectAddress(GuestAddress)
    /// The chain cannot hold what its device's requests need; `reason` completes "the request".
    case request(String)
    /// Not the driver's fault: the host has no means to serve the queue.
    case host(Errno)

    package var description: String {
        switch self {
        case .size(let size): "The queue size \(size) is not a power of two that the device supports."
        case .ringAlignment(let address): "A ring at \(address) is not aligned."
        case .ringAddress(let address): "A ring at \(address) is not in guest memory."
        case .availableIndex(let index, let expected):
            "The available index jumped to \(index) from \(expected), by more than the queue's size."
        case .descriptorIndex(let index, let count): "Descriptor \(index) is outside its table of \(count)."
        case .loop: "A descriptor chain loops."
        case .tooLong: "A descriptor chain has more than \(DescriptorChain.limit) buffers."
        case .order: "A descriptor chain has a readable buffer behind a writable one."
        case .emptyBuffer: "A descriptor chain has an empty buffer."
        case .bufferAddress(let address, let count): "A buffer of \(count) bytes at \(address) is not in guest memory."
        case .unexpectedIndirect: "An indirect descriptor stands where none is allowed."
        case .indirectLength(let count):
            "An indirect table of \(count) bytes is not 1 to \(DescriptorChain.limit) descriptors."
        case .indirectAddress(let address): "An indirect table at \(address) is not in guest memory."
        case .request(let reason): "The request \(reason)."
        case .host(let errno): "The host cannot serve the queue: \(errno)."
        }
    }
}
