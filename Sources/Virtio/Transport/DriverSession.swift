internal import Bus
internal import Host
internal import Log
internal import Memory
internal import Synchronization

/// The conversation between a driver and a device, from one reset to the next: what the transports have in common.
///
/// A transport translates its registers into calls here. The session holds the status machine, feature negotiation and
/// queue set-up, and it alone starts and stops the device's queues.
///
/// ## One rule for starting and stopping
/// A queue *should* run when the driver is ready (DRIVER_OK), has enabled it, the device is not broken, the machine is
/// not paused and memory can be reached. `settle` compares this with what *does* run and starts or stops the
/// difference; every event that changes one of these conditions ends in it. So pause, resume, reset, a late enable and
/// bus mastering are no cases of their own.
///
/// ## Locks
/// `turn` makes the events that start and stop queues come one after another, and is held while the device is called:
/// two vCPUs cannot start and reset a device in the wrong order. `registers` is short, taken inside `turn` or alone,
/// and held during no call. Queue interrupts and `needsReset`, which come from the data path, take `registers` at most.
final class DriverSession: Sendable {
    struct Registers {
        var status: DeviceStatus = []
        var deviceFeaturesSelect: UInt32 = 0
        var driverFeaturesSelect: UInt32 = 0
        var driverFeatures: UInt64 = 0
        var queueSelect: UInt16 = 0
        var generation: UInt32 = 0
        var queues: [QueueRegisters]

        /// The queue that QueueSelect names, if there is one.
        var selected: QueueRegisters? { queueSelect < queues.count ? queues[Int(queueSelect)] : nil }
    }

    /// What `turn` protects.
    private struct Running {
        var isPaused = false
        var queues: [Bool]
    }

    let device: any VirtioDevice
    /// Everything offered, the device's own features included.
    let offered: VirtioFeatures
    let registers: Mutex<Registers>
    private let turn: Mutex<Running>
    private let kicks: [EventFD]
    private let queueSizes: [UInt16]
    private let log: Log
    private let name: String
    private let complaints = RateLimit()

    /// - Parameter features: the ring features to offer.
    init(
        _ device: any VirtioDevice, name: String, features: VirtioFeatures = .ring, log: Log
    ) throws(Errno) {
        self.device = device
        self.name = name
        self.log = log
        offered = device.features.union(features).union(.version1)
        queueSizes = device.queueSizes
        var kicks: [EventFD] = []
        for _ in queueSizes { kicks.append(try EventFD()) }
        self.kicks = kicks
        registers = Mutex(DriverSession.powerOn(queueSizes))
        turn = Mutex(Running(queues: queueSizes.map { _ in false }))
    }

    private static func powerOn(_ queueSizes: [UInt16]) -> Registers {
        Registers(queues: queueSizes.map(QueueRegisters.init(maximumSize:)))
    }

    var queueCount: Int { queueSizes.count }

    /// The event of queue `index`, for the transport's doorbell.
    func kick(_ index: Int) -> EventFD? { index < kicks.count ? kicks[index] : nil }

    // MARK: Features

    /// The 32 offered features that DeviceFeaturesSel names.
    var deviceFeatures: UInt32 {
        switch registers.withLock({ $0.deviceFeaturesSelect }) {
        case 0: offered.rawValue[.low]
        case 1: offered.rawValue[.high]
        default: 0
        }
    }

    /// The driver's choice, until it says FEATURES_OK.
    func setDriverFeatures(_ value: UInt32) {
        registers.withLock { registers in
            guard !registers.status.contains(.featuresOK) else { return }
            switch registers.driverFeaturesSelect {
            case 0: registers.driverFeatures[.low] = value
            case 1: registers.driverFeatures[.high] = value
            default: break
            }
        }
    }

    // MARK: Status

    var status: DeviceStatus { registers.withLock { $0.status } }

    /// The driver writes the status register; zero is a reset, which is complete when this returns.
    func setStatus(_ value: DeviceStatus, on transport: some SessionTransport) {
        if value.isEmpty { return reset(transport) }
        turn.withLock { running in
            let negotiated: VirtioFeatures? = registers.withLock { registers in
                // Only a reset takes bits back; NEEDS_RESET is the device's.
                var added = value.subtracting(registers.status).subtracting(.needsReset)
                var negotiated: VirtioFeatures?
                if added.contains(.featuresOK) {
                    let features = VirtioFeatures(rawValue: registers.driverFeatures)
                    // FEATURES_OK that does not stick tells the driver that its choice is refused (§3.1.1).
                    if offered.isSuperset(of: features), features.contains(.version1) {
                        negotiated = features
                    } else {
                        added.remove(.featuresOK)
                    }
                }
                if !registers.status.union(added).contains(.featuresOK) { added.remove(.driverOK) }
                registers.status.formUnion(added)
                return negotiated
            }
            if let negotiated { device.negotiated(negotiated) }
            settle(&running, transport)
        }
    }

    /// The device's registers and the device itself back to power-on state.
    func reset(_ transport: some SessionTransport) {
        turn.withLock { running in
            stop(&running, keepingPositions: false)
            for index in queueSizes.indices { transport.queueReset(index) }
            for kick in kicks { kick.drain() }
            registers.withLock { $0 = DriverSession.powerOn(queueSizes) }
            transport.clearInterrupts()
            device.reset()
        }
    }

    /// See `VirtioTransport.needsReset`.
    func needsReset(because error: VirtqueueError, on transport: some SessionTransport) {
        complaints.pass { log.warning("\(name) needs a reset by its driver: \(error)") }
        let tell = registers.withLock { registers in
            guard !registers.status.contains(.needsReset) else { return false }
            registers.status.insert(.needsReset)
            return registers.status.contains(.driverOK)
        }
        if tell { transport.signalConfigurationInterrupt() }
    }

    /// See `VirtioTransport.configurationChanged`.
    func configurationChanged(on transport: some SessionTransport) {
        let tell = registers.withLock { registers in
            registers.generation &+= 1
            return registers.status.contains(.driverOK)
        }
        if tell { transport.signalConfigurationInterrupt() }
    }

    // MARK: Queues

    /// Changes the selected queue's set-up; nothing if there is none or it is enabled already.
    func configureSelectedQueue(_ change: (inout QueueRegisters) -> Void) {
        registers.withLock { registers in
            guard let queue = registers.selected, !queue.isEnabled else { return }
            change(&registers.queues[Int(registers.queueSelect)])
        }
    }

    /// The driver enables the selected queue, or takes it back (in which case it starts anew when enabled again).
    func enableSelectedQueue(_ isEnabled: Bool, on transport: some SessionTransport) {
        turn.withLock { running in
            let index: Int? = registers.withLock { registers in
                let index = Int(registers.queueSelect)
                guard index < registers.queues.count, registers.queues[index].isEnabled != isEnabled else { return nil }
                registers.queues[index].isEnabled = isEnabled
                return index
            }
            guard let index else { return }
            settle(&running, transport)
            guard !isEnabled else { return }
            transport.queueReset(index)
            registers.withLock { $0.queues[index].position = VirtqueuePosition() }
        }
    }

    /// Brings what runs in line with what should.
    private func settle(_ running: inout Running, _ transport: some SessionTransport) {
        let memory = running.isPaused ? nil : transport.memory
        for index in running.queues.indices {
            let (queue, mayRun, features) = registers.withLock { registers in
                let status = registers.status
                let queue = registers.queues[index]
                return (
                    queue, queue.isEnabled && status.contains(.driverOK) && !status.contains(.needsReset),
                    VirtioFeatures(rawValue: registers.driverFeatures)
                )
            }
            if running.queues[index] {
                // A broken device has stopped by itself; its queues are collected by the reset it needs.
                if memory == nil || !queue.isEnabled { stop(index, &running, keepingPosition: true) }
            } else if mayRun, let memory {
                start(index, queue, features, memory, &running, transport)
            }
        }
    }

    private func start(
        _ index: Int, _ queue: QueueRegisters, _ features: VirtioFeatures, _ memory: GuestMemory,
        _ running: inout Running,
        _ transport: some SessionTransport
    ) {
        do throws(VirtqueueError) {
            let virtqueue = try Virtqueue(
                queue.configuration, position: queue.position, features: features, memory: memory)
            let port = QueuePort(
                kick: kicks[index], interrupt: transport.interrupt(ofQueue: index), transport: transport)
            running.queues[index] = true
            transport.queueStarts(index, kick: kicks[index])
            device.start(virtqueue, at: index, with: port)
        } catch {
            needsReset(because: error, on: transport)
        }
    }

    private func stop(_ index: Int, _ running: inout Running, keepingPosition: Bool) {
        running.queues[index] = false
        guard let queue = device.stop(index) else { return }
        let position = queue.end()
        if keepingPosition { registers.withLock { $0.queues[index].position = position } }
    }

    private func stop(_ running: inout Running, keepingPositions: Bool) {
        for index in running.queues.indices where running.queues[index] {
            stop(index, &running, keepingPosition: keepingPositions)
        }
    }

    // MARK: Lifecycle

    /// Takes the queues back; when it returns the device is quiet.
    func pause() {
        turn.withLock { running in
            running.isPaused = true
            stop(&running, keepingPositions: true)
        }
    }

    func resume(_ transport: some SessionTransport) {
        turn.withLock { running in
            running.isPaused = false
            settle(&running, transport)
        }
    }

    /// Something that `SessionTransport.memory` depends on changed.
    func memoryChanged(_ transport: some SessionTransport) {
        turn.withLock { settle(&$0, transport) }
    }
}
