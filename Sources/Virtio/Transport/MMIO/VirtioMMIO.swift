package import Bus
package import Host
package import Log
package import Memory
internal import Synchronization

/// A virtio device behind memory-mapped registers (virtio 1.2 §4.2): the transport of microvm.
///
/// One page-like block of registers, one level-triggered interrupt, nothing to discover: the board tells the guest
/// address and interrupt by ACPI, device tree or the kernel's command line.
///
/// Queue notifications are doorbells: a write of the queue's index to QueueNotify signals the queue's event without
/// reaching this object.
package final class VirtioMMIO: BusDevice {
    /// The size of the registers and the configuration space together, as guests are told it.
    package static let size: UInt64 = 0x200

    package let range: GuestRange
    package var device: any VirtioDevice { session.device }

    let session: DriverSession
    private let guestMemory: GuestMemory
    private let space: AddressSpace
    private let interruptStatus: InterruptStatus
    private let queueInterrupt: MMIOQueueInterrupt
    private let doorbells: Mutex<[Doorbell?]>
    private let mapping = Mutex<AddressSpace.Mapping?>(nil)

    /// Puts `device` behind registers at `address` in `space`, and maps them.
    ///
    /// - Parameters:
    ///   - name: for messages: the user's `id=`, or the driver's name.
    ///   - interrupt: level-triggered, this device's own.
    package init(
        _ device: any VirtioDevice, name: String, at address: GuestAddress, in space: AddressSpace, memory: GuestMemory,
        interrupt: InterruptLine, features: VirtioFeatures = .ring, log: Log
    ) throws(Errno) {
        guard let range = GuestRange(start: address, count: VirtioMMIO.size) else { throw .invalid }
        self.range = range
        self.space = space
        guestMemory = memory
        session = try DriverSession(device, name: name, features: features, log: log)
        let status = InterruptStatus { interrupt.set($0) }
        interruptStatus = status
        queueInterrupt = MMIOQueueInterrupt(status)
        doorbells = Mutex(Array(repeating: nil, count: session.queueCount))
        device.attach(to: self)
        let mapped = space.map(range, name: name, to: self)
        mapping.withLock { $0 = mapped }
    }

    /// Takes the device off the bus, quiet. The guest sees nothing there from now on.
    package func unmap() {
        reset()
        if let mapped = mapping.withLock({ $0.take() }) { space.unmap(mapped) }
    }

    // MARK: Registers

    package func read(_ access: Access) -> UInt64 {
        if access.offset >= MMIORegister.configuration {
            return device.readConfiguration(
                Access(offset: access.offset - MMIORegister.configuration, width: access.width))
        }
        // §4.2.2.2: the registers are read and written with 32 bits.
        guard access.width == .four, let register = MMIORegister(rawValue: access.offset) else { return 0 }
        switch register {
        case .magicValue: return MMIORegister.magic
        case .version: return 2
        case .deviceID: return UInt64(device.identity.device)
        case .vendorID: return MMIORegister.vendor
        case .deviceFeatures: return UInt64(session.deviceFeatures)
        case .queueSizeMax: return session.registers.withLock { UInt64($0.selected?.maximumSize ?? 0) }
        case .queueReady: return session.registers.withLock { $0.selected?.isEnabled == true ? 1 : 0 }
        case .interruptStatus: return UInt64(interruptStatus.value)
        case .status: return UInt64(session.status.rawValue)
        case .configurationGeneration: return session.registers.withLock { UInt64($0.generation) }
        // Length and base of -1: there is no such shared memory region.
        case .sharedMemoryLengthLow, .sharedMemoryLengthHigh, .sharedMemoryBaseLow, .sharedMemoryBaseHigh:
            return 0xffff_ffff
        default: return 0
        }
    }

    package func write(_ value: UInt64, _ access: Access) {
        if access.offset >= MMIORegister.configuration {
            return device.writeConfiguration(
                value, Access(offset: access.offset - MMIORegister.configuration, width: access.width))
        }
        guard access.width == .four, let register = MMIORegister(rawValue: access.offset) else { return }
        let word = UInt32(truncatingIfNeeded: value)
        switch register {
        case .deviceFeaturesSelect: session.registers.withLock { $0.deviceFeaturesSelect = word }
        case .driverFeaturesSelect: session.registers.withLock { $0.driverFeaturesSelect = word }
        case .driverFeatures: session.setDriverFeatures(word)
        // A queue that cannot be is selected as one that is not there.
        case .queueSelect: session.registers.withLock { $0.queueSelect = UInt16(clamping: word) }
        case .queueSize: session.configureSelectedQueue { $0.size = UInt16(clamping: word) }
        case .queueReady: session.enableSelectedQueue(word & 1 != 0, on: self)
        case .queueNotify: session.kick(Int(word))?.signal()
        case .interruptAcknowledge: interruptStatus.clear(UInt8(truncatingIfNeeded: word))
        case .status: session.setStatus(DeviceStatus(rawValue: UInt8(truncatingIfNeeded: word)), on: self)
        case .queueDescriptorsLow: session.configureSelectedQueue { $0.descriptors[.low] = word }
        case .queueDescriptorsHigh: session.configureSelectedQueue { $0.descriptors[.high] = word }
        case .queueAvailableLow: session.configureSelectedQueue { $0.available[.low] = word }
        case .queueAvailableHigh: session.configureSelectedQueue { $0.available[.high] = word }
        case .queueUsedLow: session.configureSelectedQueue { $0.used[.low] = word }
        case .queueUsedHigh: session.configureSelectedQueue { $0.used[.high] = word }
        default: break
        }
    }
}

extension VirtioMMIO: MachinePart {
    package func reset() { session.reset(self) }
    package func pause() { session.pause() }
    package func resume() { session.resume(self) }
}

extension VirtioMMIO: SessionTransport {
    package func configurationChanged() { session.configurationChanged(on: self) }
    package func needsReset(because error: VirtqueueError) { session.needsReset(because: error, on: self) }

    var memory: GuestMemory? { guestMemory }
    func interrupt(ofQueue index: Int) -> any QueueInterrupt { queueInterrupt }
    func signalConfigurationInterrupt() { interruptStatus.raise(InterruptStatus.configuration) }
    func clearInterrupts() { interruptStatus.clear() }

    func queueStarts(_ index: Int, kick: EventFD) {
        let doorbell: Doorbell? = doorbells.withLock { doorbells in
            guard doorbells[index] == nil, let notify = range.start.advanced(by: MMIORegister.queueNotify.rawValue)
            else {
                return nil
            }
            let doorbell = Doorbell(address: notify, width: .four, value: UInt64(index), event: kick)
            doorbells[index] = doorbell
            return doorbell
        }
        if let doorbell { space.attach(doorbell) }
    }

    func queueReset(_ index: Int) {
        if let doorbell = doorbells.withLock({ $0[index].take() }) { space.detach(doorbell) }
    }
}

/// All queues of a virtio-mmio device share one interrupt.
final class MMIOQueueInterrupt: QueueInterrupt {
    private let status: InterruptStatus
    init(_ status: InterruptStatus) { self.status = status }
    func signal() { status.raise(InterruptStatus.queue) }
}
