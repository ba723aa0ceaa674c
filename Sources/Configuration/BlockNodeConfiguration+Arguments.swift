extension BlockNodeConfiguration {
    private static let readOnly = Property.boolean("read-only", default: false, "refuse writes")
    private static let autoReadOnly = Property.boolean(
        "auto-read-only", default: false, "become read-only when the image cannot be written")
    private static let discard = Property.choice(
        "discard", of: DiscardMode.self, default: .ignore, "what a guest's discard does")
    private static let detectZeroes = Property.choice(
        "detect-zeroes", of: ZeroDetection.self, default: .off, "what written zeroes become")
    private static let cache = Property.object("cache", "direct, no-flush")
    private static let direct = Property.boolean("direct", default: false, "past the host's page cache")
    private static let noFlush = Property.boolean("no-flush", default: false, "do not pass flushes on")
    private static let schema = PropertySchema(readOnly, autoReadOnly, discard, detectZeroes, cache)

    /// Roles whose value is another node.
    private static let roles = ["file", "backing"]
    /// A graph deeper than this is a mistake or an attack; the guard keeps recursion small.
    private static let depthLimit = 32

    /// Reads a node from `-blockdev`'s or `blockdev-add`'s arguments, dotted keys already folded into objects.
    ///
    /// What every node has is read here; the rest stays in `properties` for the driver's schema.
    package init(arguments: Properties, subject: String) throws(ConfigurationError) {
        try self.init(arguments, subject, depth: 0)
        if nodeName == nil { throw .missingProperty(subject: "\(subject) \(driver)", name: "node-name") }
    }

    private init(_ arguments: Properties, _ subject: String, depth: Int) throws(ConfigurationError) {
        var rest = arguments
        driver = try rest.takeRequiredString("driver", subject: subject)
        let subject = "\(subject) \(driver)"
        guard depth < Self.depthLimit else {
            throw .conflict(subject: subject, rule: "nodes are nested deeper than \(Self.depthLimit) levels")
        }
        nodeName = try rest.takeIdentifier("node-name", subject: subject)
        if let nodeName, nodeName.utf8.count > 31 {
            throw .badValue(subject: subject, name: "node-name", given: nodeName, allowed: "at most 31 characters")
        }
        for role in Self.roles {
            switch rest.remove(role) {
            case nil: continue
            case .null?: children.append(Child(role, .none))
            case .string(let name)?: children.append(Child(role, .name(name)))
            case .object(let properties)?:
                let node = try BlockNodeConfiguration(properties, "\(subject), \(role)", depth: depth + 1)
                children.append(Child(role, .node(node)))
            case let other?:
                throw .badValue(
                    subject: subject, name: role, given: other.shown, allowed: "a node's name or a node in place")
            }
        }
        var common = Properties()
        for declaration in Self.schema.declarations { common[declaration.name] = rest.remove(declaration.name) }
        var reader = try PropertyReader(common, Self.schema, subject: subject)
        isReadOnly = try reader.value(Self.readOnly)
        isAutoReadOnly = try reader.value(Self.autoReadOnly)
        discard = try reader.value(Self.discard)
        detectZeroes = try reader.value(Self.detectZeroes)
        if let cache = try reader.optional(Self.cache) {
            var reader = try PropertyReader(
                cache, PropertySchema(Self.direct, Self.noFlush), subject: "\(subject), cache")
            self.cache = CacheConfiguration(
                isDirect: try reader.value(Self.direct), ignoresFlush: try reader.value(Self.noFlush))
        }
        properties = rest
    }
}
