internal import Bus
internal import Synchronization

/// The common configuration structure (virtio 1.2 §4.1.4.3).
extension VirtioPCI {
    func readCommon(_ access: Access) -> UInt64 {
        guard let register = PCICommonRegister(rawValue: access.offset), register.width == access.width else {
            return 0
        }
        switch register {
        case .deviceFeatureSelect: return session.registers.withLock { UInt64($0.deviceFeaturesSelect) }
        case .deviceFeature: return UInt64(session.deviceFeatures)
        case .driverFeatureSelect: return session.registers.withLock { UInt64($0.driverFeaturesSelect) }
        case .driverFeature:
            return session.registers.withLock { registers in
                switch registers.driverFeaturesSelect {
                case 0: UInt64(registers.driverFeatures[.low])
                case 1: UInt64(registers.driverFeatures[.high])
                default: 0
                }
            }
        case .configurationVector: return UInt64(configurationInterrupt.vector)
        case .queueCount: return UInt64(session.queueCount)
        case .deviceStatus: return UInt64(session.status.rawValue)
        case .configurationGeneration: return session.registers.withLock { UInt64($0.generation & 0xff) }
        case .queueSelect: return session.registers.withLock { UInt64($0.queueSelect) }
        case .queueVector: return UInt64(selectedInterrupt?.vector ?? PCIQueueInterrupt.noVector)
        case .queueNotifyOffset: return session.registers.withLock { $0.selected == nil ? 0 : UInt64($0.queueSelect) }
        default: break
        }
        guard let queue = session.registers.withLock({ $0.selected }) else { return 0 }
        switch register {
        // The maximum until the driver chooses less.
        case .queueSize: return UInt64(queue.size)
        case .queueEnable: return queue.isEnabled ? 1 : 0
        case .queueDescriptorsLow: return UInt64(queue.descriptors[.low])
        case .queueDescriptorsHigh: return UInt64(queue.descriptors[.high])
        case .queueDriverLow: return UInt64(queue.available[.low])
        case .queueDriverHigh: return UInt64(queue.available[.high])
        case .queueDeviceLow: return UInt64(queue.used[.low])
        case .queueDeviceHigh: return UInt64(queue.used[.high])
        default: return 0
        }
    }

    func writeCommon(_ value: UInt64, _ access: Access) {
        guard let register = PCICommonRegister(rawValue: access.offset), register.width == access.width else { return }
        let word = UInt32(truncatingIfNeeded: value)
        let half = UInt16(truncatingIfNeeded: value)
        switch register {
        case .deviceFeatureSelect: session.registers.withLock { $0.deviceFeaturesSelect = word }
        case .driverFeatureSelect: session.registers.withLock { $0.driverFeaturesSelect = word }
        case .driverFeature: session.setDriverFeatures(word)
        case .configurationVector: configurationInterrupt.vector = half
        case .deviceStatus: session.setStatus(DeviceStatus(rawValue: UInt8(truncatingIfNeeded: value)), on: self)
        case .queueSelect: session.registers.withLock { $0.queueSelect = half }
        case .queueSize: session.configureSelectedQueue { $0.size = half }
        case .queueVector: selectedInterrupt?.vector = half
        // Only a reset takes a queue back (§4.1.4.3.2).
        case .queueEnable where half == 1: session.enableSelectedQueue(true, on: self)
        case .queueDescriptorsLow: session.configureSelectedQueue { $0.descriptors[.low] = word }
        case .queueDescriptorsHigh: session.configureSelectedQueue { $0.descriptors[.high] = word }
        case .queueDriverLow: session.configureSelectedQueue { $0.available[.low] = word }
        case .queueDriverHigh: session.configureSelectedQueue { $0.available[.high] = word }
        case .queueDeviceLow: session.configureSelectedQueue { $0.used[.low] = word }
        case .queueDeviceHigh: session.configureSelectedQueue { $0.used[.high] = word }
        default: break
        }
    }

    private var selectedInterrupt: PCIQueueInterrupt? {
        let index = Int(session.registers.withLock { $0.queueSelect })
        return index < queueInterrupts.count ? queueInterrupts[index] : nil
    }
}
