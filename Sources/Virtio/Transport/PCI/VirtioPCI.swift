package import Bus
package import Host
package import Log
internal import Memory
package import PCI
internal import Synchronization

/// A virtio device as a PCI function (virtio 1.2 §4.1), modern only: the transport of q35 and virt.
///
/// ```
///   capabilities          BAR 4 (64 bits, 16 KiB)             BAR 1
///   ┌─────────┐           ┌──────────────────────────┐        ┌──────────────────┐
///   │ common ─┼──────────►│ 0x0000 common registers  │        │ MSI-X table and  │
///   │ ISR ────┼──────────►│ 0x1000 interrupt status  │        │ pending bits:    │
///   │ device ─┼──────────►│ 0x2000 device's own      │        │ the framework's  │
///   │ notify ─┼──────────►│ 0x3000 4 bytes a queue   │        └──────────────────┘
///   │ window  │           └──────────────────────────┘
///   └─────────┘                 ▲ doorbells
/// ```
///
/// While the guest has bus mastering off the device has no memory, so its queues stand still and go on afterwards.
package final class VirtioPCI: PCIFunction {
    package let slot: PCISlot
    package var device: any VirtioDevice { session.device }

    let session: DriverSession
    let interruptStatus: InterruptStatus
    let configurationInterrupt: PCIQueueInterrupt
    let queueInterrupts: [PCIQueueInterrupt]
    private let doorbells: Mutex<[PCIDoorbell?]>

    /// - Parameters:
    ///   - name: the user's `id=`, or the driver's name.
    ///   - vectors: MSI-X vectors; nil: one per queue and one for the configuration. 0: no MSI-X.
    ///   - isMultifunction: `multifunction=on`.
    package init(
        _ device: any VirtioDevice, name: String, vectors: Int? = nil, isMultifunction: Bool = false,
        features: VirtioFeatures = .ring, log: Log
    ) throws(VirtioPCIError) {
        do throws(PCIError) {
            slot = try PCISlot(
                name: name, VirtioPCI.layout(device, vectors: vectors, isMultifunction: isMultifunction))
        } catch {
            throw .function(error)
        }
        do throws(Errno) {
            session = try DriverSession(device, name: name, features: features, log: log)
        } catch {
            throw .host(error)
        }
        let slot = slot
        let status = InterruptStatus { [weak slot] level in slot?.setInterrupt(level) }
        interruptStatus = status
        configurationInterrupt = PCIQueueInterrupt(slot, status, bit: InterruptStatus.configuration)
        queueInterrupts = (0..<session.queueCount).map { _ in
            PCIQueueInterrupt(slot, status, bit: InterruptStatus.queue)
        }
        doorbells = Mutex(Array(repeating: nil, count: session.queueCount))
        device.attach(to: self)
    }

    private static func layout(_ device: any VirtioDevice, vectors: Int?, isMultifunction: Bool) -> PCILayout {
        // Ids by §4.1.2; the subsystem is what guests know virtual hardware by.
        var layout = PCILayout(
            PCIIdentity(
                vendor: 0x1af4, device: 0x1040 &+ device.identity.device, revision: 1,
                classCode: device.identity.pciClass,
                subsystemVendor: 0x1af4, subsystem: 0x1100, isMultifunction: isMultifunction))
        layout.interruptPin = .a
        layout.express = .endpoint
        layout.hasPowerManagement = true
        let vectors = vectors ?? device.queueSizes.count + 1
        if vectors > 0 { layout.addMSIX(bar: PCIRegions.msixBar, vectors: vectors) }
        layout.bars.append(PCIBAR(PCIRegions.bar, .memory64(prefetchable: true), size: PCIRegions.size))
        layout.capabilities = PCIRegions.capabilities
        return layout
    }

    // MARK: BAR 4

    package func read(bar: Int, _ access: Access) -> UInt64 {
        guard bar == PCIRegions.bar else { return access.width.mask }
        switch access.offset {
        case PCIRegions.common: return readCommon(access)
        // Reading takes the bits and lowers the pin (§4.1.4.5).
        case PCIRegions.interruptStatus:
            return access.offset == PCIRegions.interruptStatus.lowerBound
                ? UInt64(interruptStatus.clear()) : 0
        case PCIRegions.device:
            return device.readConfiguration(
                Access(offset: access.offset - PCIRegions.device.lowerBound, width: access.width))
        default: return 0
        }
    }

    package func write(bar: Int, _ value: UInt64, _ access: Access) {
        guard bar == PCIRegions.bar else { return }
        switch access.offset {
        case PCIRegions.common: writeCommon(value, access)
        case PCIRegions.device:
            device.writeConfiguration(
                value, Access(offset: access.offset - PCIRegions.device.lowerBound, width: access.width))
        // Only what no doorbell caught: a queue that does not run, or an unusual width.
        case PCIRegions.notify:
            let offset = access.offset - PCIRegions.notify.lowerBound
            session.kick(Int(offset / PCIRegions.notifyMultiplier))?.signal()
        default: break
        }
    }

    // MARK: The window in configuration space

    package func readConfiguration(_ access: Access) -> UInt32? {
        guard let target = window(access) else { return nil }
        return UInt32(truncatingIfNeeded: read(bar: PCIRegions.bar, target))
    }

    package func configurationWritten(_ value: UInt32, _ access: Access) {
        if let target = window(access) { write(bar: PCIRegions.bar, UInt64(value), target) }
    }

    /// What an access to the window's data reaches; nil if it is another register, or leads nowhere.
    private func window(_ access: Access) -> Access? {
        typealias Window = PCIRegions.Window
        let base = slot.capabilityOffsets[PCIRegions.configurationAccessIndex]
        guard access.offset == UInt64(base + Window.data) else { return nil }
        let offset = UInt64(slot.register(base + Window.offset, .four))
        guard slot.register(base + Window.bar, .one) == UInt32(PCIRegions.bar),
            slot.register(base + Window.length, .four) == UInt32(access.width.rawValue),
            offset & (access.width.count - 1) == 0, offset < PCIRegions.size
        else { return nil }
        return Access(offset: offset, width: access.width)
    }

    // MARK: Lifecycle

    package func busMasterChanged(_ isEnabled: Bool) { session.memoryChanged(self) }
    package func unplugged() { session.reset(self) }
    package func reset() { session.reset(self) }
    package func pause() { session.pause() }
    package func resume() { session.resume(self) }
}

extension VirtioPCI: SessionTransport {
    package func configurationChanged() { session.configurationChanged(on: self) }
    package func needsReset(because error: VirtqueueError) { session.needsReset(because: error, on: self) }

    var memory: GuestMemory? { slot.memory }
    func interrupt(ofQueue index: Int) -> any QueueInterrupt { queueInterrupts[index] }
    func signalConfigurationInterrupt() { configurationInterrupt.signal() }

    func clearInterrupts() {
        interruptStatus.clear()
        configurationInterrupt.vector = PCIQueueInterrupt.noVector
        for interrupt in queueInterrupts { interrupt.vector = PCIQueueInterrupt.noVector }
    }

    func queueStarts(_ index: Int, kick: EventFD) {
        doorbells.withLock { doorbells in
            guard doorbells[index] == nil else { return }
            let offset = PCIRegions.notify.lowerBound + UInt64(index) * PCIRegions.notifyMultiplier
            doorbells[index] = slot.attachDoorbell(bar: PCIRegions.bar, offset: offset, width: .two, event: kick)
        }
    }

    func queueReset(_ index: Int) {
        if let doorbell = doorbells.withLock({ $0[index].take() }) { slot.detachDoorbell(doorbell) }
    }
}

/// Why a virtio-pci function could not be made.
package enum VirtioPCIError: Error, Sendable, Equatable, CustomStringConvertible {
    case function(PCIError)
    case host(Errno)

    package var description: String {
        switch self {
        case .function(let error): error.description
        case .host(let errno): "Cannot make a virtio device: \(errno)."
        }
    }
}
