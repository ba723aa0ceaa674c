/// How far a driver has come with its device (virtio 1.2 §2.1).
///
/// ```
///   0 ──► ACKNOWLEDGE ──► DRIVER ──► FEATURES_OK ──► DRIVER_OK          (a driver only adds bits, or writes 0)
/// ```
package struct DeviceStatus: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let acknowledge = DeviceStatus(rawValue: 1)
    package static let driver = DeviceStatus(rawValue: 2)
    package static let driverOK = DeviceStatus(rawValue: 4)
    package static let featuresOK = DeviceStatus(rawValue: 8)
    /// The device gave up, and waits for a reset.
    package static let needsReset = DeviceStatus(rawValue: 64)
    /// The driver gave up.
    package static let failed = DeviceStatus(rawValue: 128)
}
