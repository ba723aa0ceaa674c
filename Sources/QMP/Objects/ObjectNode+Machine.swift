internal import Configuration
internal import Hypervisor
internal import JSON
internal import Machine

extension ObjectNode {
    /// The tree of `machine`.
    init(_ machine: Machine) {
        let configuration = machine.configuration
        let plugged = machine.board.plugged
        func devices(_ parent: String) -> ObjectNode {
            let prefix = "/machine/\(parent)/"
            return .container(
                plugged.filter { $0.path.hasPrefix(prefix) }.map { device in
                    (String(device.path.dropFirst(prefix.count)), ObjectNode(device, configuration))
                })
        }
        let processors = machine.processors.map { processor in
            ("device[\(processor.cpu.index)]", ObjectNode(type: ObjectNode.processorType))
        }
        var board = ObjectNode(type: "machine")
        if let type = try? MachineBuilder.type(named: configuration.machineType) {
            board = ObjectNode(
                type: "\(type.name)-machine",
                properties: ObjectNode.properties(configuration.machineProperties, type.schema))
        }
        board.children = [
            ("peripheral", devices("peripheral")), ("peripheral-anon", devices("peripheral-anon")),
            ("unattached", .container(processors)),
        ]
        let objects = machine.backEnds.objects.map { object in
            (
                object.identifier,
                ObjectNode(
                    type: object.type,
                    properties: ObjectType.named(object.type).map {
                        ObjectNode.properties(object.properties, $0.schema)
                    } ?? [])
            )
        }
        self = .container([("machine", board), ("objects", .container(objects))])
    }

    /// A processor's type, as QEMU calls the host's.
    static let processorType = "host-x86_64-cpu"

    private init(_ device: PluggedDevice, _ configuration: MachineConfiguration) {
        let driver = device.configuration.driver
        var given = device.configuration.properties
        given.fill(from: configuration.globals(of: driver))
        self.init(type: driver)
        if let model = try? Catalog.model(named: driver) {
            properties = ObjectNode.properties(given, model.schema)
        }
        // A virtio device stands behind its transport.
        for transport in ["-pci", "-device"] where driver.hasPrefix("virtio-") && driver.hasSuffix(transport) {
            let kind = driver.dropLast(transport.count)
            children = [("virtio-backend", ObjectNode(type: "\(kind)-device"))]
        }
    }
}
