/// Feature bits, offered by a device and accepted by a driver (virtio 1.2 §2.2, §6).
///
/// Bits 0 to 23 and 50 to 127 belong to each kind of device; those declared here are the ring's and the transport's.
package struct VirtioFeatures: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The feature with a number of the specification.
    package init(bit: UInt64) { rawValue = 1 << bit }

    package static let indirectDescriptors = VirtioFeatures(bit: 28)
    package static let eventIndex = VirtioFeatures(bit: 29)
    /// The device is not a legacy one. A driver must accept it.
    package static let version1 = VirtioFeatures(bit: 32)

    /// What every device offers on account of its queues.
    package static let ring: VirtioFeatures = [.indirectDescriptors, .eventIndex]
}
