/// # Block: where a disk's bytes are
///
/// An image has two faces. The *control face* (`BlockImage`) tells what the disk is: its size, its block sizes, what it
/// can do. The *data face* (`BlockQueue`) moves bytes, one per queue of the device in front of it, so that queues share
/// nothing and need no lock between them:
///
/// ```
///                 ┌───────────────────────── BlockImage ─────────────────────────┐
///                 │ geometry    size, sectors, read-only, discard                │
///                 └──┬─────────────────────────┬─────────────────────────┬───────┘
///      makeQueue()   ▼                         ▼                         ▼
///              KernelQueue               ThreadedQueue               NullQueue          engines
///              libaio or io_uring        preadv on a few threads     nothing at all
///
///   device thread:   submit, submit, submit, dispatch ──►  …  ──► event ──► nextCompletion, nextCompletion
/// ```
///
/// With `detect-zeroes` a `ZeroDetectingQueue` stands before the engine.
///
/// A request is a value that the queue takes over (`submit` consumes it) and answers exactly once, by its tag.
/// `dispatch` sends what was submitted since the last one: a batch of any size costs one system call. Completions are
/// collected, never called back, so an engine cannot complete into a queue that was taken away meanwhile.
package protocol BlockImage: AnyObject, Sendable {
    /// What a device needs to know of the disk. Only `resize` changes it, and only the size.
    var geometry: BlockGeometry { get }

    /// Bytes that the image takes on the host; nil where there is no such number.
    var allocatedSize: UInt64? { get }

    /// A data face for `depth` requests in flight. It keeps the image alive.
    func makeQueue(depth: Int) throws(BlockError) -> any BlockQueue

    /// Makes the disk larger or smaller; bytes that appear read as zero, bytes past the new end are gone.
    ///
    /// While a disk shrinks, nobody may have requests beyond its new end in flight.
    func resize(to size: UInt64) throws(BlockError)
}

extension BlockImage {
    package var allocatedSize: UInt64? { nil }
    package func resize(to size: UInt64) throws(BlockError) { throw .cannotResize(nil, .unsupported) }
}

/// The size and abilities of a disk.
package struct BlockGeometry: Sendable, Equatable {
    /// In bytes, a multiple of 512.
    package var size: UInt64
    /// The smallest unit the disk reads or writes well, in bytes; a power of two from 512.
    package var logicalBlockSize: UInt32
    /// The unit that the medium really writes, in bytes; not below the logical one.
    package var physicalBlockSize: UInt32
    package var isReadOnly: Bool

    package init(
        size: UInt64, logicalBlockSize: UInt32 = 512, physicalBlockSize: UInt32 = 512, isReadOnly: Bool = false
    ) {
        self.size = size
        self.logicalBlockSize = logicalBlockSize
        self.physicalBlockSize = physicalBlockSize
        self.isReadOnly = isReadOnly
    }
}

/// The data face of an image.
///
/// Belongs to one owner at a time: calls do not overlap, but may come from different threads one after another.
package protocol BlockQueue: AnyObject {
    /// Readable whenever a completion may wait. Borrowed; nil for an engine that answers inside `dispatch`.
    var eventDescriptor: Int32? { get }

    /// Requests that were submitted and whose completion was not taken yet.
    var inFlight: Int { get }

    /// Takes a request over. At most `depth` are in flight, each with its own tag.
    func submit(_ request: consuming BlockRequest)

    /// Sends what was submitted. Never waits for I/O.
    func dispatch()

    /// Clears the event, before the completions it announced are taken.
    func acknowledgeEvent()

    /// The next finished request, if there is one.
    func nextCompletion() -> BlockCompletion?

    /// Waits until a completion can be taken; returns at once if nothing is in flight.
    ///
    /// With it an owner drains the queue: while `inFlight > 0`, wait and take. Whatever was submitted is sent first.
    func waitForCompletion()
}
