internal import Configuration
internal import JSON
internal import Machine

/// One object of a machine in the tree that QMP shows (`qom-list`, `qom-get`): a type, properties with values, children.
///
/// ```
///   /machine                      the board
///     /peripheral/ID              devices with an id
///     /peripheral-anon/device[N]  devices without
///     /unattached/device[N]       processors
///   /objects/ID                   -object
/// ```
///
/// The tree is made anew from the machine for every question, so it is never out of date.
struct ObjectNode {
    struct Property {
        let name: String
        let type: String
        let value: JSON
    }

    let type: String
    var properties: [Property] = []
    var children: [(name: String, node: ObjectNode)] = []

    /// A thing that only holds others.
    static func container(_ children: [(name: String, node: ObjectNode)]) -> ObjectNode {
        ObjectNode(type: "container", children: children)
    }

    /// The object at `path`, from the root on; nil if there is none.
    func descendant(_ path: String) -> ObjectNode? {
        guard path.hasPrefix("/") else { return nil }
        var node = self
        for name in path.split(separator: "/") {
            guard let child = node.children.first(where: { $0.name == name }) else { return nil }
            node = child.node
        }
        return node
    }

    /// Properties and children, as a list of names with types: QEMU's form for a child is `child<TYPE>`.
    var listing: [(name: String, type: String)] {
        [("type", "string")] + properties.map { ($0.name, $0.type) }
            + children.map { ($0.name, "child<\($0.node.type)>") }
    }

    /// A property's value, or a child's path.
    func value(of name: String, at path: String) -> JSON? {
        if name == "type" { return .string(type) }
        if let property = properties.first(where: { $0.name == name }) { return property.value }
        guard children.contains(where: { $0.name == name }) else { return nil }
        return .string(path.hasSuffix("/") ? path + name : path + "/" + name)
    }
}

extension ObjectNode {
    /// What was given for `schema`'s properties, and their defaults. A property that has neither is not shown, as it has
    /// no value.
    static func properties(_ given: Properties, _ schema: PropertySchema) -> [Property] {
        schema.declarations.compactMap { declaration in
            let value = given[declaration.name] ?? declaration.defaultText.map { .string($0) }
            guard let value, let json = json(value, declaration.kind) else { return nil }
            return Property(name: declaration.name, type: declaration.kind.typeName, value: json)
        }
    }

    /// A value of the declared kind, whichever form it was written in; nil for what is no scalar.
    private static func json(_ value: Value, _ kind: PropertyKind) -> JSON? {
        switch (value, kind) {
        case (.bool(let value), _): .bool(value)
        case (.integer(let value), _): .integer(value)
        case (.unsigned(let value), _): .unsigned(value)
        case (.string(let text), .boolean): NumberText.boolean(text).map { .bool($0) }
        case (.string(let text), .integer): NumberText.integer(text).map { .integer($0) }
        case (.string(let text), .size): NumberText.size(text).map { JSON($0) }
        case (.string(let text), _): .string(text)
        default: nil
        }
    }
}
