/// `-numa`: the nodes the guest shall see, as far as the options say; whether they fit the machine is judged when it is
/// built.
package struct NUMAConfiguration: Sendable, Equatable {
    /// `-numa node`.
    package struct Node: Sendable, Equatable {
        /// What the node's memory is.
        package enum Memory: Sendable, Equatable {
            /// `mem=`: a part of the machine's RAM.
            case size(UInt64)
            /// `memdev=`: a memory backend of its own.
            case backend(String)
        }

        /// nil: the next that is free.
        package var number: Int?
        /// Processor numbers, as given.
        package var processors: [Int]
        package var memory: Memory?

        package init(number: Int? = nil, processors: [Int] = [], memory: Memory? = nil) {
            self.number = number
            self.processors = processors
            self.memory = memory
        }
    }

    /// `-numa dist`: how far one node is from another; 10 is near, 255 means that there is no way.
    package struct Distance: Sendable, Equatable {
        package var source: Int
        package var destination: Int
        package var value: Int

        package init(from source: Int, to destination: Int, _ value: Int) {
            self.source = source
            self.destination = destination
            self.value = value
        }
    }

    /// `-numa cpu`: the processors at a place of the topology; a level that is nil means all of it.
    package struct Place: Sendable, Equatable {
        package var node: Int
        package var socket: Int?
        package var die: Int?
        package var core: Int?
        package var thread: Int?

        package init(node: Int, socket: Int? = nil, die: Int? = nil, core: Int? = nil, thread: Int? = nil) {
            self.node = node
            self.socket = socket
            self.die = die
            self.core = core
            self.thread = thread
        }
    }

    package var nodes: [Node] = []
    package var distances: [Distance] = []
    package var places: [Place] = []

    package init() {}

    package var isEmpty: Bool { nodes.isEmpty && distances.isEmpty && places.isEmpty }
}

extension NUMAConfiguration {
    /// ACPI could have more; nobody's tools do.
    package static let nodeLimit = 128

    private static let nodeNumber = Property.integer("nodeid", in: 0...(nodeLimit - 1), "its number")
    private static let processors = Property.numbers(
        "cpus", in: 0...(TopologyConfiguration.absoluteMaximum - 1), "its processors")
    private static let memory = Property.string("mem", "its part of the memory, in MiB or with a suffix")
    private static let backend = Property.string("memdev", "the memory backend that is its memory")

    private static let source = Property.integer("src", in: 0...(nodeLimit - 1), "from this node")
    private static let destination = Property.integer("dst", in: 0...(nodeLimit - 1), "to this node")
    private static let value = Property.integer("val", in: 10...255, "how far; 10 to itself, 255 for no way")

    private static let placeNode = Property.integer("node-id", in: 0...(nodeLimit - 1), "the node")
    private static let socket = place("socket-id")
    private static let die = place("die-id")
    private static let core = place("core-id")
    private static let thread = place("thread-id")

    private static func place(_ name: String) -> Property<Int> {
        .integer(name, in: 0...(TopologyConfiguration.absoluteMaximum - 1), "the processors there")
    }

    /// The first word of `-numa`.
    private static let kinds = ["node", "dist", "cpu"]

    /// The key under which the first word of `-numa` stands.
    package static let kindKey = "type"

    /// Keys that may be given several times, each time with more: libvirt writes `cpus=0-1,cpus=4`.
    package static let gatheredKeys = ["cpus"]

    /// Adds what one `-numa` says.
    package mutating func add(_ arguments: Properties) throws(ConfigurationError) {
        var rest = arguments
        let kind = try rest.takeRequiredString(Self.kindKey, subject: "-numa")
        let subject = "-numa \(kind)"
        switch kind {
        case "node":
            var reader = try PropertyReader(
                rest, PropertySchema(Self.nodeNumber, Self.processors, Self.memory, Self.backend), subject: subject)
            nodes.append(try Self.node(&reader))
        case "dist":
            let schema = PropertySchema(Self.source, Self.destination, Self.value)
            var reader = try PropertyReader(rest, schema, subject: subject)
            distances.append(
                Distance(
                    from: try reader.value(Self.source), to: try reader.value(Self.destination),
                    try reader.value(Self.value)))
        case "cpu":
            let schema = PropertySchema(Self.placeNode, Self.socket, Self.die, Self.core, Self.thread)
            var reader = try PropertyReader(rest, schema, subject: subject)
            places.append(
                Place(
                    node: try reader.value(Self.placeNode), socket: try reader.optional(Self.socket),
                    die: try reader.optional(Self.die), core: try reader.optional(Self.core),
                    thread: try reader.optional(Self.thread)))
        case "hmat-lb", "hmat-cache":
            throw .conflict(subject: subject, rule: "this is not supported by Apus yet")
        default:
            throw .badValue(
                subject: "-numa", name: Self.kindKey, given: kind,
                allowed: "one of \(Self.kinds.joined(separator: ", "))")
        }
    }

    private static func node(_ reader: inout PropertyReader) throws(ConfigurationError) -> Node {
        var node = Node(number: try reader.optional(nodeNumber), processors: try reader.optional(processors) ?? [])
        let text = try reader.optional(memory)
        switch (text, try reader.optional(backend)) {
        case (_?, _?): throw .conflict(subject: reader.subject, rule: "'mem' and 'memdev' exclude each other")
        case (nil, let name?): node.memory = .backend(name)
        case (nil, nil): break
        case (let text?, nil):
            guard let bytes = NumberText.size(text, unit: "M"), bytes % 4096 == 0 else {
                throw reader.refusal(memory, allowed: "a size such as 512M or 2G, a multiple of 4K")
            }
            node.memory = .size(bytes)
        }
        return node
    }
}
