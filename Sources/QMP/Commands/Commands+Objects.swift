internal import Configuration
internal import JSON
internal import Machine

// The objects a machine is made of.
extension Commands {
    private enum Arguments {
        static let path = Property<String>.string("path", "where the object stands, as in /machine/peripheral/ID")
        static let property = Property<String>.string("property", "the property's name")
        static let list = PropertySchema(path)
        static let get = PropertySchema(path, property)
        static let typeName = Property<String>.string("typename", "a type of qom-list-types")
        static let type = PropertySchema(typeName)
    }

    static let objects: [Command] = [
        Command("qom-list", Arguments.list, returns: [ObjectPropertyInformation].self) { context, reader in
            let path = try reader.value(Arguments.path)
            try reader.finish()
            return try node(path, context.machine).listing.map {
                ObjectPropertyInformation(name: $0.name, type: $0.type)
            }
        },
        Command("qom-get", Arguments.get, returns: JSON.self) { context, reader in
            let path = try reader.value(Arguments.path)
            let name = try reader.value(Arguments.property)
            try reader.finish()
            let node = try node(path, context.machine)
            // Clients tell this from an object that is not there by the class.
            guard let value = node.value(of: name, at: path) else {
                throw QMPError("Property '\(node.type).\(name)' not found")
            }
            return value
        },
        // A type that Apus does not have has no properties, rather than an error: libvirt 9 asks for types of QEMU's
        // without looking first, and does not survive DeviceNotFound here.
        Command("qom-list-properties", Arguments.type, returns: [PropertyInformation].self) { _, reader in
            let name = try reader.value(Arguments.typeName)
            try reader.finish()
            let schema =
                Catalog.models.first { $0.name == name }?.schema ?? ObjectType.named(name)?.schema
                ?? MachineBuilder.types.first { "\($0.name)-machine" == name }?.schema
            return (schema?.declarations ?? []).map(PropertyInformation.init)
        },
    ]

    private static func node(_ path: String, _ machine: Machine) throws(QMPError) -> ObjectNode {
        guard let node = ObjectNode(machine).descendant(path) else {
            throw QMPError(.deviceNotFound, "Device '\(path)' not found")
        }
        return node
    }
}

/// A property of an object, by name and type.
struct ObjectPropertyInformation: ReplyObject {
    static let typeName = "ObjectProperty"
    let name: String
    let type: String
    static let members: [ReplyMember<ObjectPropertyInformation>] = [.init("name", \.name), .init("type", \.type)]
}
