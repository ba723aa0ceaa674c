package import Bus

/// Feature bits and status bits by their names in the specification, as a driver writes them.
package enum VirtioGuest {
    package static let indirect: UInt64 = 1 << 28
    package static let eventIndex: UInt64 = 1 << 29
    package static let version1: UInt64 = 1 << 32

    package static let acknowledge: UInt8 = 1
    package static let driver: UInt8 = 2
    package static let driverOK: UInt8 = 4
    package static let featuresOK: UInt8 = 8
    package static let needsReset: UInt8 = 64
}

/// A virtio device's registers as a driver reaches them, the same over every transport.
package protocol VirtioGuestTransport: AnyObject {
    var guest: any GuestAccess { get }
    var deviceID: UInt16 { get }
    var deviceFeatures: UInt64 { get }
    var status: UInt8 { get set }
    var generation: UInt32 { get }

    func setDriverFeatures(_ features: UInt64)

    /// The largest size of a queue; 0 if there is no such queue.
    func maximumSize(ofQueue index: UInt16) -> UInt32
    func isEnabled(_ index: UInt16) -> Bool

    /// Describes and enables a queue.
    func setUp(_ index: UInt16, size: UInt32, descriptors: UInt64, available: UInt64, used: UInt64)
    func notify(_ index: UInt16)

    func readConfiguration(_ offset: UInt64, _ width: AccessWidth) -> UInt64
    func writeConfiguration(_ offset: UInt64, _ value: UInt64, _ width: AccessWidth)

    /// Reads and acknowledges the interrupt status: 1 queue, 2 configuration.
    func takeInterrupts() -> UInt8
}

extension VirtioGuestTransport {
    /// Resets the device and negotiates up to FEATURES_OK; whether it stuck.
    @discardableResult
    package func negotiate(_ features: UInt64) -> Bool {
        status = 0
        status = VirtioGuest.acknowledge
        status |= VirtioGuest.driver
        setDriverFeatures(features)
        status |= VirtioGuest.featuresOK
        return status & VirtioGuest.featuresOK != 0
    }

    package func start() { status |= VirtioGuest.driverOK }

    package var needsReset: Bool { status & VirtioGuest.needsReset != 0 }
}
