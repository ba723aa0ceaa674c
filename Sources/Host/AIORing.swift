internal import CLinux
internal import Synchronization

/// The completion ring that the kernel maps for an AIO context, as `libaio` and `fs/aio.c` lay it out.
///
/// ```
///    0 id   4 nr   8 head   12 tail   16 magic   20 compat   24 incompat   28 header length   32… events of 32 bytes
/// ```
///
/// The kernel writes events and then `tail`; the reader takes events and then moves `head`.
@safe struct AIORing {
    private static let magic: UInt32 = 0xa10a_10a1
    private static let headerSize = 32

    private let base: UnsafeMutableRawPointer

    init(_ base: UnsafeMutableRawPointer) { unsafe self.base = base }

    /// Takes the oldest event; false if there is none, nil if this is not a ring we know.
    func take(_ event: inout io_event) -> Bool? {
        guard unsafe base.load(fromByteOffset: 16, as: UInt32.self) == AIORing.magic else { return nil }
        let capacity = unsafe base.load(fromByteOffset: 4, as: UInt32.self)
        let head = unsafe (base + 8).assumingMemoryBound(to: Atomic<UInt32>.self)
        let tail = unsafe (base + 12).assumingMemoryBound(to: Atomic<UInt32>.self)
        let index = unsafe head.pointee.load(ordering: .relaxed)
        // Acquiring: the event was written before the tail that covers it.
        guard unsafe index != tail.pointee.load(ordering: .acquiring), index < capacity else { return false }
        let events = unsafe (base + AIORing.headerSize).assumingMemoryBound(to: io_event.self)
        unsafe event = events[Int(index)]
        // Releasing: the kernel may reuse the entry once it sees the new head.
        unsafe head.pointee.store(index + 1 == capacity ? 0 : index + 1, ordering: .releasing)
        return true
    }
}
