package import Memory
internal import Synchronization

/// # The split virtqueue (virtio 1.2 §2.7)
///
/// A queue is three arrays in guest memory, at addresses that the driver chose:
///
/// ```
///   descriptor table               available ring                    used ring
///   (driver writes)                (driver writes)                   (device writes)
///   ┌─────────────────────┐        ┌──────────────────────┐          ┌──────────────────────┐
///   │ 0  addr len R  next─┼─┐      │ flags                │          │ flags                │
///   │ 1  addr len W       │◄┼─┐    │ idx      5 ──────────┼──┐       │ idx      3 ──────────┼──┐
///   │ 2  addr len W  next─┼─┼─┘◄─┐ │ ring[0]  …           │  │       │ ring[0]  id len      │  │
///   │ 3  …                │ │    │ │ ring[1]  …           │  │       │ ring[1]  id len      │  │
///   │ 4  addr len I  ─────┼─┼──┐ │ │ ring[2]  …           │  │       │ ring[2]  id len      │  │
///   │ …                   │ │  │ │ │ ring[3]  0 (a head)  │  │       │ ring[3]  free    ◄───┼──┘
///   └─────────────────────┘ └──┼─┘ │ ring[4]  4 (a head)  │  │       │ …                    │
///                              ▼   │ ring[5]  free    ◄───┼──┘       │ avail_event          │
///                     a table of   │ used_event           │          └──────────────────────┘
///                     its own      └──────────────────────┘
/// ```
///
/// To make a request, the driver links descriptors into a *chain* (first what the device reads, R, then what it writes,
/// W), puts the chain's head into the next entry of the available ring, and moves `idx` on. The device takes heads in
/// that order, works, and puts each head with the number of bytes it wrote into the used ring, in the order in which
/// the requests were *finished*. Both indices run freely through all 16 bits; an entry is `index mod size`. So at any
/// time:
///
/// ```
///      used.idx  ≤  next head to take  ≤  avail.idx  ≤  used.idx + size
///         └─ in flight ─┘     └── waiting ──┘
/// ```
///
/// ## Who may hold the ring
/// This value is the device side of one queue. It cannot be copied: a transport makes it and *moves* it into the device
/// on start; the device moves it back on stop, which is also what pause, snapshot and reset begin with. So the compiler
/// sees to it that nobody else works on the ring. One thread at a time.
///
/// ## What is believed
/// Nothing that the guest can change. Size and addresses were fixed when the queue was made and are never read
/// again; the positions in both rings are ours (the guest's copies are only written); each descriptor is loaded exactly
/// once and judged afterwards. A chain that breaks a rule is a `VirtqueueError`: the device asks for a reset and
/// leaves the ring alone.
///
/// ## Notifications
/// Both directions can be silenced, by a flag or, with VIRTIO_F_EVENT_IDX, by naming the index that is worth a
/// notification. Each side writes its index, then *looks whether the other wants to hear of it*; the other writes its
/// wish, then *looks at the index again*. Both need a full fence between the two steps, or each could miss the other.
///
/// Devices see only `next`, `complete`, `publish`, `suppressKicks` and `resumeKicks`, and none of them speaks of tables
/// and rings: a packed ring takes this one's place behind them.
@safe package struct Virtqueue: ~Copyable, @unchecked Sendable {
    /// The number of entries of each ring, a power of two.
    package let size: UInt16
    /// Keeps the rings' memory mapped, and resolves the buffers.
    let memory: GuestMemory
    let hasEventIndex: Bool
    let hasIndirect: Bool

    // The rings, resolved once: regions do not move while the queue runs. Everything is reached through loads and
    // stores of single values.
    let descriptors: UnsafeRawPointer
    let availableFlags: UnsafePointer<Atomic<UInt16>>
    let availableIndex: UnsafePointer<Atomic<UInt16>>
    let availableRing: UnsafeRawPointer
    let usedEvent: UnsafePointer<Atomic<UInt16>>
    let usedFlags: UnsafePointer<Atomic<UInt16>>
    let usedIndex: UnsafePointer<Atomic<UInt16>>
    let usedRing: UnsafeMutableRawPointer
    let availableEvent: UnsafePointer<Atomic<UInt16>>

    /// The next available entry to take.
    var nextAvailable: UInt16
    /// `avail.idx` as last loaded: entries before it can be taken without asking again.
    var knownAvailable: UInt16
    /// The next used entry to fill.
    var nextUsed: UInt16
    /// `used.idx` as last published.
    var publishedUsed: UInt16
    /// The first publication after a start notifies whatever the driver wished before: it may have missed one.
    var mustNotify = true

    /// Resolves the rings of a queue that the driver described.
    ///
    /// - Parameters:
    ///   - position: where a stopped queue goes on; a new queue begins at 0.
    package init(
        _ configuration: VirtqueueConfiguration, position: VirtqueuePosition = VirtqueuePosition(),
        features: VirtioFeatures, memory: GuestMemory
    ) throws(VirtqueueError) {
        let size = configuration.size
        guard size > 0, size & (size &- 1) == 0, size <= VirtqueueConfiguration.maximumSize else {
            throw .size(size)
        }
        // The specification's alignments: 16, 2 and 4 (§2.7).
        func resolve(_ address: GuestAddress, _ count: UInt64, alignment: UInt64) throws(VirtqueueError)
            -> UnsafeMutableRawPointer
        {
            guard address.rawValue & (alignment - 1) == 0 else { throw .ringAlignment(address) }
            guard let host = unsafe memory.pointer(address, count: count) else { throw .ringAddress(address) }
            return unsafe host
        }
        func cell(_ base: UnsafeMutableRawPointer, _ offset: Int) -> UnsafePointer<Atomic<UInt16>> {
            unsafe UnsafePointer((base + offset).assumingMemoryBound(to: Atomic<UInt16>.self))
        }
        let count = UInt64(size)
        let table = unsafe try resolve(configuration.descriptors, 16 * count, alignment: 16)
        let available = unsafe try resolve(configuration.available, 6 + 2 * count, alignment: 2)
        let used = unsafe try resolve(configuration.used, 6 + 8 * count, alignment: 4)

        self.size = size
        self.memory = memory
        hasEventIndex = features.contains(.eventIndex)
        hasIndirect = features.contains(.indirectDescriptors)
        unsafe descriptors = UnsafeRawPointer(table)
        unsafe availableFlags = unsafe cell(available, 0)
        unsafe availableIndex = unsafe cell(available, 2)
        unsafe availableRing = UnsafeRawPointer(available + 4)
        unsafe usedEvent = unsafe cell(available, 4 + 2 * Int(size))
        unsafe usedFlags = unsafe cell(used, 0)
        unsafe usedIndex = unsafe cell(used, 2)
        unsafe usedRing = unsafe used + 4
        unsafe availableEvent = unsafe cell(used, 4 + 8 * Int(size))
        nextAvailable = position.nextAvailable
        knownAvailable = position.nextAvailable
        nextUsed = position.nextUsed
        publishedUsed = position.nextUsed
    }

    /// Gives the queue up for what is needed to go on from here; everything completed must have been published.
    package consuming func end() -> VirtqueuePosition {
        VirtqueuePosition(nextAvailable: nextAvailable, nextUsed: nextUsed)
    }
}
