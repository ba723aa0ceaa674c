internal import Block
internal import Host
internal import Log
internal import Synchronization

/// What all lanes of a disk know of it.
final class BlockDisk: Sendable {
    /// The unit of every sector number in the specification, whatever the block size.
    static let sectorSize: UInt64 = 512
    /// Discards and zeroes of up to 2 GiB at once.
    static let maximumRangeSectors: UInt32 = 1 << 22
    static let idCount = 20

    let isReadOnly: Bool
    /// The device's serial number, padded with zeros (§5.2.6.1).
    let id: [UInt8]
    private let size: Atomic<UInt64>
    private let blockSize: UInt64
    private let cached: Atomic<Bool>
    /// Whether `throttle` is there; all that a disk without limits pays.
    private let hasThrottle = Atomic(false)
    private let throttleMember = Mutex<ThrottleMember?>(nil)
    private let policy: BlockErrorPolicy
    private let failed: @Sendable (BlockFailure) -> Void
    private let status = Atomic(BlockHealth.ok.rawValue)
    private let name: String
    private let log: Log
    private let complaints = RateLimit()

    init(
        name: String, geometry: BlockGeometry, blockSize: UInt32, settings: BlockSettings, log: Log,
        failed: @escaping @Sendable (BlockFailure) -> Void
    ) {
        policy = settings.errors
        self.failed = failed
        self.name = name
        self.log = log
        isReadOnly = geometry.isReadOnly
        size = Atomic(geometry.size)
        self.blockSize = UInt64(max(blockSize, 512))
        cached = Atomic(settings.writeCache)
        var id = [UInt8](settings.serial.utf8.prefix(BlockDisk.idCount))
        id.append(contentsOf: repeatElement(0, count: BlockDisk.idCount - id.count))
        self.id = id
    }

    var writeCache: Bool { cached.load(ordering: .relaxed) }
    func setWriteCache(_ on: Bool) { cached.store(on, ordering: .relaxed) }

    /// In bytes.
    var capacity: UInt64 { size.load(ordering: .relaxed) }
    func setCapacity(_ bytes: UInt64) { size.store(bytes, ordering: .relaxed) }

    var isThrottled: Bool { hasThrottle.load(ordering: .relaxed) }
    var throttle: ThrottleMember? { throttleMember.withLock { $0 } }

    func setThrottle(_ member: ThrottleMember?) {
        let before = throttleMember.withLock { current in
            defer { current = member }
            return current
        }
        hasThrottle.store(member != nil, ordering: .relaxed)
        before?.leave()
    }

    /// The byte offset of a range, or nil unless it consists of whole blocks inside the disk.
    ///
    /// Sector and length are the guest's: every step may overflow.
    func offset(sector: UInt64, count: UInt64) -> UInt64? {
        let (start, overflow) = sector.multipliedReportingOverflow(by: BlockDisk.sectorSize)
        let size = capacity
        guard !overflow, start <= size, count <= size - start else { return nil }
        return (start | count) & (blockSize - 1) == 0 ? start : nil
    }

    /// What is to be done about a host error, of which the user gets a line and the machine a word.
    func judge(_ error: Errno, _ operation: BlockRequest.Operation, _ type: UInt32) -> BlockFailure.Action {
        complaints.pass { log.warning("\(name): the host failed a request of type \(type): \(error).") }
        let action = policy.action(operation, error)
        if action == .stop {
            status.store((error == .noSpace ? BlockHealth.noSpace : .failed).rawValue, ordering: .relaxed)
        }
        let isWrite = if case .read = operation { false } else { true }
        failed(BlockFailure(isWrite: isWrite, error: error, action: action))
        return action
    }

    var health: BlockHealth { BlockHealth(rawValue: status.load(ordering: .relaxed)) ?? .ok }
    func recover() { status.store(BlockHealth.ok.rawValue, ordering: .relaxed) }
}
