internal import Configuration
internal import Synchronization

/// The devices users plugged into a board, and the rule that their ids differ.
final class PluggedDevices: Sendable {
    private let devices = Mutex<[PluggedDevice]>([])

    var all: [PluggedDevice] { devices.withLock { $0 } }

    /// Refuses an id that is taken.
    func check(_ device: DeviceConfiguration) throws(MachineError) {
        guard let identifier = device.identifier else { return }
        guard !all.contains(where: { $0.configuration.identifier == identifier }) else {
            throw .configuration(.duplicateIdentifier(kind: "device", identifier: identifier))
        }
    }

    func add(_ device: DeviceConfiguration) {
        var drive: String?
        if case .string(let name)? = device.properties["drive"] { drive = name }
        devices.withLock { devices in
            let number = devices.count { $0.configuration.identifier == nil }
            devices.append(PluggedDevice(configuration: device, number: number, drive: drive))
        }
    }
}
