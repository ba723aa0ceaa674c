internal import Configuration

/// Every device model. One entry here makes a device available to `-device` on every board that has its bus, to
/// `-device help`, and to QMP's introspection.
package enum Catalog {
    /// A virtio device is written once and appears twice: `X-pci` and `X-device` (MMIO).
    package static var models: [DeviceModel] {
        let recipes: [VirtioRecipe] = [.block, .entropy]
        return recipes.flatMap { [$0.pci, $0.mmio] } + [.rootPort, .serial, .debugExit, .debugConsole]
    }

    /// The model with this name.
    package static func model(named name: String) throws(MachineError) -> DeviceModel {
        let models = models
        if let model = models.first(where: { $0.name == name }) { return model }
        throw .unknown(
            kind: "device", name: name, nearest: Spelling.nearest(to: name, among: models.map(\.name)),
            hint: "-device help lists them")
    }
}
