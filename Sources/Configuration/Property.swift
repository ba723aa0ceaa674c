/// What kind of value a property takes, for help texts and introspection.
package enum PropertyKind: Sendable, Equatable {
    case string, boolean, size, list, object
    /// Whole numbers of a range.
    case integer(ClosedRange<Int64>)
    case choice([String])

    /// The type's name as QEMU writes it in `-device X,help` and `device-list-properties`.
    package var typeName: String {
        switch self {
        case .string: "str"
        case .boolean: "bool"
        case .size: "size"
        case .list: "list"
        case .object: "object"
        case .integer(let range):
            switch (range.lowerBound, range.upperBound) {
            case (0..., ...0xff): "uint8"
            case (0..., ...0xffff): "uint16"
            case (0..., ...0xffff_ffff): "uint32"
            case (0..., _): "uint64"
            case ((-0x8000_0000)..., ...0x7fff_ffff): "int32"
            default: "int64"
            }
        case .choice(let words): words == ["on", "off", "auto"] ? "OnOffAuto" : "str"
        }
    }
}

/// One property as introspection sees it: everything of a `Property` but its Swift type.
package struct PropertyDeclaration: Sendable, Equatable {
    package let name: String
    package let kind: PropertyKind
    /// The default as the user would write it; `nil` when there is none.
    package let defaultText: String?
    /// One phrase for the help text, without a full stop.
    package let summary: String
}

/// One key a device, object or option understands: declared once, read by it, shown from it.
///
///     enum BlockProperties {
///         static let drive = Property.string("drive", "node or drive that holds the data")
///         static let queues = Property.integer("num-queues", in: 1...1024, default: 1, "number of request queues")
///         static let schema = PropertySchema(drive, queues)
///     }
///
/// The factories stand in `Property+Kinds.swift`.
package struct Property<Content: Sendable>: Sendable {
    package let declaration: PropertyDeclaration
    /// What a property that was not given counts as.
    package let fallback: Content?
    /// What the property takes, completing "… takes"; for error messages.
    let allowed: String
    /// The typed value, or `nil` when the given one does not fit.
    let convert: @Sendable (Value) -> Content?

    package var name: String { declaration.name }
}

/// The properties of one thing, in the order its help shows them.
package struct PropertySchema: Sendable, Equatable {
    package var declarations: [PropertyDeclaration]

    package init(_ declarations: [PropertyDeclaration] = []) { self.declarations = declarations }

    /// `PropertySchema(drive, queues, serial)`.
    package init<each Content: Sendable>(_ property: repeat Property<each Content>) {
        var declarations: [PropertyDeclaration] = []
        for declaration in repeat (each property).declaration { declarations.append(declaration) }
        self.declarations = declarations
    }

    /// What one thing understands because it is several: a device, on a bus, over a transport.
    package static func + (left: PropertySchema, right: PropertySchema) -> PropertySchema {
        PropertySchema(left.declarations + right.declarations)
    }

    package func declares(_ name: String) -> Bool { declarations.contains { $0.name == name } }

    /// The lines of `-device X,help`, without a heading.
    package var help: [String] {
        declarations.sorted { $0.name < $1.name }.map { declaration in
            var kind = "<\(declaration.kind.typeName)>"
            if case .choice(let words) = declaration.kind { kind = "<\(words.joined(separator: "|"))>" }
            var line = "  \(declaration.name)=\(kind)"
            while line.utf8.count < 30 { line += " " }
            line += " - \(declaration.summary)"
            if let text = declaration.defaultText { line += " (default: \(text))" }
            return line
        }
    }
}
