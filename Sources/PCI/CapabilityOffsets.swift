/// Where the framework's own capabilities and the device's others lie in configuration space.
struct CapabilityOffsets: Sendable {
    var express: Int?
    var powerManagement: Int?
    var msi: Int?
    var msix: Int?
    /// In the order of `PCILayout.capabilities`.
    var others: [Int] = []
}
