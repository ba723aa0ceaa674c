/// `-object memory-backend-ram|memfd|file`: host memory with a name.
package struct MemoryBackendConfiguration: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case ram = "memory-backend-ram"
        case memfd = "memory-backend-memfd"
        case file = "memory-backend-file"
    }

    package enum Policy: String, Sendable, CaseIterable { case `default`, preferred, bind, interleave }

    package var identifier: String
    package var kind: Kind
    package var size: UInt64
    /// Whether other processes can map it and see what the guest writes.
    package var isShared: Bool
    package var isPreallocated = false
    /// nil: as many as the machine has processors.
    package var preallocationThreads: Int?
    package var isReserved = true
    /// nil: as `-machine mem-merge` and `dump-guest-core` say.
    package var isMergeable: Bool?
    package var isDumped: Bool?
    package var policy = Policy.default
    package var hostNodes: [Int] = []
    /// Of a memfd.
    package var usesHugePages = false
    package var hugePageSize: UInt64?
    package var isSealed = true
    /// Of a file.
    package var path: String?
    package var alignment: UInt64?
    package var discardsData = false
    package var isReadOnly = false

    package init(_ kind: Kind, identifier: String, size: UInt64) {
        self.kind = kind
        self.identifier = identifier
        self.size = size
        isShared = kind == .memfd
    }
}

extension MemoryBackendConfiguration {
    private static let size = Property.size("size", in: 4096...MemoryConfiguration.maximumSize, "bytes")
    private static let share = Property.boolean("share", "other processes can map it (default: on for memfd)")
    private static let prealloc = Property.boolean(
        "prealloc", default: false, "touch all of it before the guest starts")
    private static let threads = Property.integer("prealloc-threads", in: 1...4096, "threads that touch it")
    private static let reserve = Property.boolean("reserve", default: true, "set it aside at once")
    private static let merge = Property.boolean("merge", "let the kernel merge equal pages")
    private static let dump = Property.boolean("dump", "have it in core dumps")
    private static let nodes = Property.numbers("host-nodes", in: 0...1023, "the host's nodes it comes from")
    private static let policy = Property.choice("policy", of: Policy.self, default: .default, "what host-nodes means")
    // StratoVirt's words for two of them.
    private static let memPrealloc = Property.boolean("mem-prealloc", "same as prealloc")
    private static let dumpGuestCore = Property.boolean("dump-guest-core", "same as dump")
    private static let common = PropertySchema(
        size, share, prealloc, threads, reserve, merge, dump, nodes, policy, memPrealloc, dumpGuestCore)

    private static let hugetlb = Property.boolean("hugetlb", default: false, "huge pages")
    private static let hugetlbSize = Property.size("hugetlbsize", in: 4096...(1 << 40), "the size of a huge page")
    private static let seal = Property.boolean("seal", default: true, "nobody can change its size")

    private static let path = Property.string("mem-path", "the file, or a directory for one")
    private static let align = Property.size("align", in: 0...(1 << 40), default: 0, "a multiple its address is")
    private static let discard = Property.boolean("discard-data", default: false, "throw the data away at the end")
    private static let readOnly = Property.boolean("readonly", default: false, "only read the file")
    private static let persistent = Property.boolean("pmem", default: false, "persistent memory")

    /// What `-object KIND` takes.
    package static func schema(of kind: Kind) -> PropertySchema {
        switch kind {
        case .ram: common
        case .memfd: common + PropertySchema(hugetlb, hugetlbSize, seal)
        case .file: common + PropertySchema(path, align, discard, readOnly, persistent)
        }
    }

    /// The size in an object's properties, if it is a memory backend's and can be read.
    package static func size(of object: ObjectConfiguration) -> UInt64? {
        guard Kind(rawValue: object.type) != nil, let value = object.properties[size.name] else { return nil }
        return size.convert(value)
    }

    /// Reads an object; nil if it is no memory backend.
    package init?(_ object: ObjectConfiguration) throws(ConfigurationError) {
        guard let kind = Kind(rawValue: object.type) else { return nil }
        let subject = "-object \(object.type),id=\(object.identifier)"
        var reader = try PropertyReader(object.properties, Self.schema(of: kind), subject: subject)
        let bytes = try reader.value(Self.size)
        guard bytes % 4096 == 0 else { throw reader.refusal(Self.size, allowed: "a multiple of 4K") }
        self.init(kind, identifier: object.identifier, size: bytes)
        isShared = try reader.optional(Self.share) ?? isShared
        let preallocates = try reader.value(Self.prealloc)
        isPreallocated = try reader.optional(Self.memPrealloc) ?? preallocates
        preallocationThreads = try reader.optional(Self.threads)
        isReserved = try reader.value(Self.reserve)
        isMergeable = try reader.optional(Self.merge)
        let dumps = try reader.optional(Self.dumpGuestCore)
        isDumped = try reader.optional(Self.dump) ?? dumps
        policy = try reader.value(Self.policy)
        hostNodes = try reader.optional(Self.nodes) ?? []
        guard (policy == .default) == hostNodes.isEmpty else {
            let rule =
                policy == .default
                ? "'host-nodes' needs a 'policy' of preferred, bind or interleave"
                : "policy=\(policy.rawValue) needs 'host-nodes'"
            throw .conflict(subject: subject, rule: rule)
        }
        if isPreallocated, !isReserved {
            throw .conflict(subject: subject, rule: "'prealloc=on' and 'reserve=off' exclude each other")
        }
        switch kind {
        case .ram: break
        case .memfd: try readMemfd(&reader)
        case .file: try readFile(&reader)
        }
        try reader.finish()
    }

    private mutating func readMemfd(_ reader: inout PropertyReader) throws(ConfigurationError) {
        usesHugePages = try reader.value(Self.hugetlb)
        hugePageSize = try reader.optional(Self.hugetlbSize)
        isSealed = try reader.value(Self.seal)
        guard let hugePageSize else { return }
        guard usesHugePages else { throw .conflict(subject: reader.subject, rule: "'hugetlbsize' needs 'hugetlb=on'") }
        guard hugePageSize.nonzeroBitCount == 1 else {
            throw reader.refusal(Self.hugetlbSize, allowed: "a power of two such as 2M or 1G")
        }
    }

    private mutating func readFile(_ reader: inout PropertyReader) throws(ConfigurationError) {
        let text = try reader.value(Self.path)
        guard !text.isEmpty else { throw reader.refusal(Self.path, allowed: "a path") }
        path = text
        let boundary = try reader.value(Self.align)
        guard boundary.nonzeroBitCount <= 1 else { throw reader.refusal(Self.align, allowed: "a power of two") }
        alignment = boundary > 0 ? boundary : nil
        discardsData = try reader.value(Self.discard)
        isReadOnly = try reader.value(Self.readOnly)
        guard try !reader.value(Self.persistent) else {
            throw .conflict(subject: reader.subject, rule: "'pmem=on' is not supported by Apus yet")
        }
    }
}
