internal import Configuration
internal import JSON
internal import Machine

// What this program can make, for clients that ask before they try.
extension Commands {
    private enum Arguments {
        static let implements = Property<String>.string("implements", "only types that are this one or derive from it")
        static let abstract = Property<Bool>.boolean("abstract", default: false, "whether to list types nothing can be")
        static let typeList = PropertySchema(implements, abstract)
        static let typeName = Property<String>.string("typename", "a device's driver name")
        static let properties = PropertySchema(typeName)
    }

    static let introspection: [Command] = [
        Command("qom-list-types", Arguments.typeList, returns: [TypeInformation].self) { _, reader in
            let parent = try reader.optional(Arguments.implements)
            _ = try reader.value(Arguments.abstract)
            try reader.finish()
            return TypeInformation.all.filter { parent == nil || $0.name == parent || $0.parents.contains(parent ?? "") }
        },
        Command("device-list-properties", Arguments.properties, returns: [PropertyInformation].self) { _, reader in
            let name = try reader.value(Arguments.typeName)
            try reader.finish()
            guard let model = Catalog.models.first(where: { $0.name == name }) else {
                throw QMPError(.deviceNotFound, "Device '\(name)' not found")
            }
            return model.schema.declarations.map(PropertyInformation.init)
        },
    ]
}

/// A type that `-device`, `-object` or `-machine` can make.
struct TypeInformation: ReplyObject {
    static let typeName = "ObjectTypeInfo"
    let name: String
    /// From the nearest up; what `implements` is compared with.
    let parents: [String]
    var parent: String? { parents.first }

    static let members: [ReplyMember<TypeInformation>] = [.init("name", \.name), .init("parent", \.parent)]

    static var all: [TypeInformation] {
        Catalog.models.map { TypeInformation(name: $0.name, parents: ["device", "object"]) }
            + ObjectType.all.map { TypeInformation(name: $0.name, parents: ["object"]) }
            + MachineBuilder.types.map { TypeInformation(name: "\($0.name)-machine", parents: ["machine", "object"]) }
    }
}

struct PropertyInformation: ReplyObject {
    static let typeName = "ObjectPropertyInfo"
    let name: String
    let type: String
    let summary: String?
    let fallback: JSON?

    init(_ declaration: PropertyDeclaration) {
        name = declaration.name
        type = declaration.kind.typeName
        summary = declaration.summary
        fallback = declaration.defaultText.map { .string($0) }
    }

    static let members: [ReplyMember<PropertyInformation>] = [
        .init("name", \.name), .init("type", \.type), .init("description", \.summary), .init("default-value", \.fallback),
    ]
}
