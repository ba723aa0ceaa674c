internal import Bus
internal import PCI

/// How a virtio-pci function lays its structures out in its BAR, and how its capabilities tell (virtio 1.2 §4.1.4).
enum PCIRegions {
    static let bar = 4
    static let msixBar = 1
    static let size: UInt64 = 0x4000

    static let common: Range<UInt64> = 0x0000..<0x1000
    static let interruptStatus: Range<UInt64> = 0x1000..<0x2000
    static let device: Range<UInt64> = 0x2000..<0x3000
    static let notify: Range<UInt64> = 0x3000..<0x4000
    /// Bytes between two queues' notification addresses.
    static let notifyMultiplier: UInt64 = 4

    enum CapabilityType: UInt8 {
        case common = 1
        case notify = 2
        case interruptStatus = 3
        case device = 4
        case configurationAccess = 5
    }

    /// In this order in `PCILayout.capabilities`.
    static var capabilities: [PCICapability] {
        [
            capability(.common, common),
            capability(.interruptStatus, interruptStatus),
            capability(.device, device),
            capability(.notify, notify, extra: UInt32(notifyMultiplier)),
            configurationAccess,
        ]
    }

    /// The index of the configuration access capability in `capabilities`.
    static let configurationAccessIndex = 4

    /// Offsets in it, header included (§4.1.4.9).
    enum Window {
        static let bar = 4
        static let offset = 8
        static let length = 12
        static let data = 16
    }

    private static func capability(
        _ type: CapabilityType, _ range: Range<UInt64>, extra: UInt32? = nil
    ) -> PCICapability {
        // Length of the whole capability, type, BAR, id, two of padding; then offset and length.
        var body: [UInt8] = [extra == nil ? 16 : 20, type.rawValue, UInt8(bar), 0, 0, 0]
        for word in [UInt32(range.lowerBound), UInt32(range.count)] + (extra.map { [$0] } ?? []) {
            for shift in [0, 8, 16, 24] { body.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
        }
        return PCICapability(id: PCICapability.vendorSpecific, body: body)
    }

    /// A window from configuration space into the BAR, for firmware that cannot map BARs.
    private static var configurationAccess: PCICapability {
        var writable = [UInt8](repeating: 0, count: 18)
        // BAR, offset, length and data; a capability's body begins behind its two header bytes.
        for index in [Window.bar - 2] + Array(Window.offset - 2..<Window.data + 2) { writable[index] = 0xff }
        return PCICapability(
            id: PCICapability.vendorSpecific,
            body: [20, CapabilityType.configurationAccess.rawValue] + [UInt8](repeating: 0, count: 16),
            writable: writable)
    }
}

/// The registers of the common configuration structure (virtio 1.2 §4.1.4.3).
enum PCICommonRegister: UInt64 {
    case deviceFeatureSelect = 0
    case deviceFeature = 4
    case driverFeatureSelect = 8
    case driverFeature = 12
    case configurationVector = 16
    case queueCount = 18
    case deviceStatus = 20
    case configurationGeneration = 21
    case queueSelect = 22
    case queueSize = 24
    case queueVector = 26
    case queueEnable = 28
    case queueNotifyOffset = 30
    case queueDescriptorsLow = 32
    case queueDescriptorsHigh = 36
    case queueDriverLow = 40
    case queueDriverHigh = 44
    case queueDeviceLow = 48
    case queueDeviceHigh = 52

    /// The only width it is accessed with; 64-bit registers as two halves.
    var width: AccessWidth {
        switch self {
        case .deviceStatus, .configurationGeneration: .one
        case .configurationVector, .queueCount, .queueSelect, .queueSize, .queueVector, .queueEnable,
            .queueNotifyOffset:
            .two
        default: .four
        }
    }
}
