package import Configuration
internal import Bus
internal import PCI
internal import Virtio

/// A driver name that `-device` and `device_add` know: what it takes, and how to make one.
package struct DeviceModel: Sendable {
    package let name: String
    /// One phrase for `-device help`.
    package let summary: String
    package let schema: PropertySchema
    let make: Make

    /// How it is made, by the kind of bus it needs.
    enum Make: Sendable {
        case pci(@Sendable (DeviceRequest, inout PropertyReader) throws(MachineError) -> any PCIFunction)
        case virtio(
            @Sendable (DeviceRequest, inout PropertyReader) throws(MachineError) -> (any VirtioDevice, VirtioFeatures))
        /// Places itself at ports of its own.
        case isa(@Sendable (DeviceRequest, inout PropertyReader, any ISABus) throws(MachineError) -> Void)
    }

    /// The bus's name in messages.
    var busName: String {
        switch make {
        case .pci: "PCI"
        case .virtio: "virtio-mmio"
        case .isa: "ISA"
        }
    }

    /// The error of a board that has no such bus.
    func hasNoBus(on board: String) -> MachineError {
        let other = name.hasSuffix("-pci") ? String(name.dropLast(4)) + "-device" : name.hasSuffix("-device") ? String(name.dropLast(7)) + "-pci" : nil
        let hint = other.flatMap { name in Catalog.models.contains { $0.name == name } ? "; \(name) is the same device for it" : nil }
        return .part(
            option: "-device \(name)", reason: "\(board) has no \(busName) bus to plug it into\(hint ?? "").")
    }
}

/// One device to be made, and what its maker can use.
struct DeviceRequest: Sendable {
    let construction: Construction
    let configuration: DeviceConfiguration

    /// The option it came from, for messages.
    var subject: String {
        "-device \(configuration.driver)" + (configuration.identifier.map { ",id=\($0)" } ?? "")
    }

    /// What the device is called: the user's id, or the driver's name.
    var name: String { configuration.identifier ?? configuration.driver }
}

/// Where port devices are plugged, on boards that have such ports.
protocol ISABus: Sendable {
    /// Maps `device` at ports nobody has.
    func plug(_ device: any BusDevice, name: String, port: UInt16, count: Int) throws(MachineError)

    /// Takes the next free serial port, or the one with this index.
    func plugSerialPort(_ stream: CharacterReference, index: Int?) throws(MachineError)
}
