package import Block
package import Bus
package import Host
package import Log
internal import Synchronization

/// A disk (virtio-blk, virtio 1.2 §5.2).
///
/// ```
///    VirtioBlock             configuration space, features
///      ├─ BlockLane 0        queue 0 + engine + request slots   ─┐
///      ├─ BlockLane 1        queue 1 + engine + request slots    ├─ on one event loop: an iothread's or the main
///      └─ …                                                     ─┘
/// ```
///
/// Lanes share nothing that changes but the write-cache switch. All sizes and addresses that a request names are
/// checked here; an image sees only whole sectors inside the disk.
package final class VirtioBlock: VirtioDevice {
    package let identity = VirtioIdentity.block
    package let features: VirtioFeatures
    package let queueSizes: [UInt16]
    package let settings: BlockSettings
    package let image: any BlockImage

    private let lanes: [BlockLane]
    private let disk: BlockDisk
    private let configuration: ConfigurationBytes
    private let accepted = Atomic<UInt64>(0)
    private let transport = Mutex(WeakTransport())

    /// The transport owns the device, so the way back is weak.
    private struct WeakTransport { weak var value: (any VirtioTransport)? }

    /// - Parameters:
    ///   - name: for messages.
    ///   - loop: where all of its queues are served.
    ///   - failed: hears of requests that the host failed, on the loop's thread inside the lane's lock: it may take note
    ///     and no more. A machine that is to stop because of one pauses the device; the request is kept and tried again
    ///     when the device goes on.
    package init(
        image: any BlockImage, settings: BlockSettings = BlockSettings(), name: String, on loop: EventLoop, log: Log,
        failed: @escaping @Sendable (BlockFailure) -> Void = { _ in }
    ) throws(BlockError) {
        self.image = image
        self.settings = settings
        let geometry = image.geometry
        let blockSize = settings.logicalBlockSize ?? geometry.logicalBlockSize
        let physicalSize = max(settings.physicalBlockSize ?? geometry.physicalBlockSize, blockSize)
        let queueCount = max(1, min(settings.queueCount, 1024))

        var features: VirtioFeatures = [.segmentMaximum, .blockSize, .flush, .topology]
        if geometry.isReadOnly {
            features.insert(.readOnly)
        } else {
            if settings.discard { features.insert(.discard) }
            if settings.writeZeroes { features.insert(.writeZeroes) }
        }
        if settings.cacheSwitch { features.insert(.cacheSwitch) }
        if queueCount > 1 { features.insert(.multipleQueues) }
        self.features = features
        queueSizes = Array(repeating: settings.queueSize, count: queueCount)

        disk = BlockDisk(
            name: name, geometry: geometry, blockSize: blockSize, settings: settings, log: log, failed: failed)
        configuration = VirtioBlock.configuration(
            geometry, settings, blockSize: blockSize, physicalSize: physicalSize, queueCount: queueCount)
        var lanes: [BlockLane] = []
        for _ in 0..<queueCount {
            let engine = try image.makeQueue(depth: Int(settings.queueSize))
            lanes.append(BlockLane(engine: engine, depth: Int(settings.queueSize), disk: disk, loop: loop))
        }
        self.lanes = lanes
    }

    private static func configuration(
        _ geometry: BlockGeometry, _ settings: BlockSettings, blockSize: UInt32, physicalSize: UInt32, queueCount: Int
    ) -> ConfigurationBytes {
        typealias Field = BlockConfigurationField
        var bytes = ConfigurationBytes(count: Field.count)
        // A chain holds header and status besides the data.
        let segments = min(Int(settings.queueSize), DescriptorChain.limit)
        bytes.set(UInt32(max(segments, 3) - 2), at: Field.segmentMaximum)
        bytes.set(blockSize, at: Field.blockSize)
        bytes.set(
            UInt8(clamping: (physicalSize / max(blockSize, 1)).trailingZeroBitCount), at: Field.physicalBlockExponent)
        // In blocks: a physical block at least, no preference for more.
        bytes.set(UInt16(clamping: physicalSize / max(blockSize, 1)), at: Field.minimumIOSize)
        bytes.set(UInt32(0), at: Field.optimalIOSize)
        bytes.set(UInt16(clamping: queueCount), at: Field.queueCount)
        if !geometry.isReadOnly {
            let sectors = BlockDisk.maximumRangeSectors
            if settings.discard {
                bytes.set(sectors, at: Field.maximumDiscardSectors)
                bytes.set(UInt32(1), at: Field.maximumDiscardSegments)
                bytes.set(blockSize / UInt32(BlockDisk.sectorSize), at: Field.discardAlignment)
            }
            if settings.writeZeroes {
                bytes.set(sectors, at: Field.maximumZeroSectors)
                bytes.set(UInt32(1), at: Field.maximumZeroSegments)
                bytes.set(UInt8(1), at: Field.zeroMayUnmap)
            }
        }
        return bytes
    }

    package func attach(to transport: any VirtioTransport) { self.transport.withLock { $0.value = transport } }

    package func readConfiguration(_ access: Access) -> UInt64 {
        var bytes = configuration
        bytes.set(disk.capacity / BlockDisk.sectorSize, at: BlockConfigurationField.capacity)
        bytes.set(UInt8(disk.writeCache ? 1 : 0), at: BlockConfigurationField.writeback)
        return bytes.read(access)
    }

    /// Only the write cache can be switched, and only by a driver that accepted to.
    package func writeConfiguration(_ value: UInt64, _ access: Access) {
        let features = VirtioFeatures(rawValue: accepted.load(ordering: .relaxed))
        guard access.offset == UInt64(BlockConfigurationField.writeback), access.width == .one,
            features.contains(.cacheSwitch)
        else { return }
        disk.setWriteCache(value & 1 != 0)
    }

    /// A driver that knows neither flush nor the switch expects write-through (§5.2.5.2).
    package func negotiated(_ features: VirtioFeatures) {
        accepted.store(features.rawValue, ordering: .relaxed)
        if !features.contains(.cacheSwitch) { disk.setWriteCache(settings.writeCache && features.contains(.flush)) }
    }

    package func start(_ queue: consuming Virtqueue, at index: Int, with port: QueuePort) {
        disk.recover()
        lanes[index].start(queue, with: port)
    }

    package func stop(_ index: Int) -> Virtqueue? { lanes[index].stop() }

    package func reset() {
        for lane in lanes { lane.forget() }
        disk.recover()
        accepted.store(0, ordering: .relaxed)
        disk.setWriteCache(settings.writeCache)
    }
}

extension VirtioBlock: BlockFrontEnd {
    package var statistics: BlockStatistics {
        var sum = BlockStatistics()
        for lane in lanes { sum += lane.statistics }
        return sum
    }

    package var health: BlockHealth { disk.health }

    package func setThrottle(_ member: ThrottleMember?) { disk.setThrottle(member) }

    package func setCapacity(_ size: UInt64) {
        disk.setCapacity(size)
        for lane in lanes { lane.drain() }
        transport.withLock { $0.value }?.configurationChanged()
    }
}
