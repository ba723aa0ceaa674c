internal import Block
internal import Configuration
internal import Synchronization

// `-blockdev`.
extension BackEnds {
    /// Opens the nodes of `-blockdev`. A node that is the child of another is part of that one.
    func add(_ nodes: [BlockNodeConfiguration]) throws(MachineError) {
        var named: [String: BlockNodeConfiguration] = [:]
        for node in nodes {
            guard let name = node.nodeName else {
                throw .configuration(.missingProperty(subject: "-blockdev \(node.driver)", name: "node-name"))
            }
            guard named.updateValue(node, forKey: name) == nil else {
                throw .configuration(.duplicateIdentifier(kind: "block node", identifier: name))
            }
        }
        let children = nodes.compactMap { node -> String? in
            if case .name(let name)? = node.child("file") { name } else { nil }
        }
        for node in nodes where !children.contains(node.nodeName ?? "") { try add(node, among: named) }
    }

    private func add(_ node: BlockNodeConfiguration, among named: [String: BlockNodeConfiguration]) throws(MachineError)
    {
        let name = node.nodeName ?? ""
        let subject = "-blockdev node-name=\(name)"
        switch node.driver {
        case "throttle": try addThrottle(node, among: named, subject: subject)
        case "null-co": try addNull(node, subject: subject)
        case "file", "host_device": try addFile(node, below: nil, subject: subject)
        case "raw":
            switch node.child("file") {
            case .node(let storage)?: try addFile(storage, below: node, subject: subject)
            case .name(let child)?:
                guard let storage = named[child] else {
                    throw .unknown(
                        kind: "block node", name: child, nearest: Spelling.nearest(to: child, among: named.keys),
                        hint: "\(subject) needs -blockdev node-name=\(child),…")
                }
                try addFile(storage, below: node, subject: subject)
            case nil, BlockNodeReference.none?:
                throw .configuration(.missingProperty(subject: subject, name: "file"))
            }
        default:
            throw .unknown(
                kind: "block driver", name: node.driver,
                nearest: Spelling.nearest(
                    to: node.driver, among: ["file", "host_device", "raw", "null-co", "throttle"]),
                hint: "file, host_device, raw, throttle and null-co are supported")
        }
    }

    /// A filter on top of a graph: the graph's image, under the filter's name and with its limits.
    private func addThrottle(
        _ node: BlockNodeConfiguration, among named: [String: BlockNodeConfiguration], subject: String
    ) throws(MachineError) {
        let name = try configured { () throws(ConfigurationError) in
            var reader = try PropertyReader(node.properties, PropertySchema(FilterProperties.group), subject: subject)
            return try reader.value(FilterProperties.group)
        }
        guard let group = throttleGroup(named: name) else {
            throw .unknown(
                kind: "throttle group", name: name, nearest: nil,
                hint: "\(subject) needs -object throttle-group,id=\(name)")
        }
        var below: BlockNodeConfiguration
        switch node.child("file") {
        case .node(let child)?: below = child
        case .name(let child)?:
            guard let known = named[child] else {
                throw .unknown(
                    kind: "block node", name: child, nearest: Spelling.nearest(to: child, among: named.keys),
                    hint: "\(subject) needs -blockdev node-name=\(child),…")
            }
            below = known
        case nil, BlockNodeReference.none?:
            throw .configuration(.missingProperty(subject: subject, name: "file"))
        }
        guard below.driver != "throttle" else {
            throw .part(option: subject, reason: "A throttle node stands on file, host_device, raw or null-co.")
        }
        let child = below.nodeName
        below.nodeName = node.nodeName
        below.isReadOnly = below.isReadOnly || node.isReadOnly
        try add(below, among: named)
        state.withLock { state in
            guard let last = state.blocks.indices.last else { return }
            state.blocks[last].throttle = group
            if let child { state.blocks[last].storageName = child }
        }
    }

    private func addFile(
        _ storage: BlockNodeConfiguration, below format: BlockNodeConfiguration?, subject: String
    ) throws(MachineError) {
        if storage.driver == "null-co", let format { return try addNull(storage, below: format, subject: subject) }
        guard storage.driver == "file" || storage.driver == "host_device" else {
            throw .part(
                option: subject,
                reason: "A raw node stands on file, host_device or null-co, not on '\(storage.driver)'.")
        }
        let (path, engine, locks) = try configured { () throws(ConfigurationError) in
            var reader = try PropertyReader(storage.properties, FileProperties.schema, subject: subject)
            let values = (
                try reader.value(FileProperties.filename), try reader.optional(FileProperties.engine),
                try reader.value(FileProperties.locking)
            )
            try reader.finish()
            return values
        }
        let top = format ?? storage
        var options = ImageOptions()
        (options.offset, options.size) = try window(of: format, subject: subject)
        options.isReadOnly = top.isReadOnly || storage.isReadOnly && !storage.isAutoReadOnly
        options.isLocked = locks != .off
        var cache = storage.cache
        if let format {
            cache.isDirect = cache.isDirect || format.cache.isDirect
            cache.ignoresFlush = cache.ignoresFlush || format.cache.ignoresFlush
        }
        let discard: DiscardMode = storage.discard == .unmap && top.discard == .unmap ? .unmap : .ignore
        try configure(
            &options, cache: cache, engine: engine, discard: discard, zeroes: top.detectZeroes, subject: subject)
        let image = try blaming(subject) { () throws(BlockError) in try openImage(path, options) }
        try append(
            BlockBackEnd(
                name: top.nodeName ?? "", storageName: format == nil ? nil : storage.nodeName,
                driver: top.driver, storageDriver: storage.driver, path: path, image: image, cache: cache,
                detectZeroes: top.detectZeroes, hasWriteCache: true, isDrive: false))
    }

    /// The part of the bytes below it that a raw node is.
    private func window(
        of format: BlockNodeConfiguration?, subject: String
    ) throws(MachineError) -> (offset: UInt64, size: UInt64?) {
        guard let format else { return (0, nil) }
        return try configured { () throws(ConfigurationError) in
            var reader = try PropertyReader(format.properties, RawProperties.schema, subject: subject)
            let offset = try reader.value(RawProperties.offset)
            let size = try reader.optional(RawProperties.size)
            for property in [RawProperties.offset, RawProperties.size] {
                let value = property.name == "offset" ? offset : size ?? 0
                if value % 512 != 0 { throw reader.refusal(property, allowed: "a multiple of 512") }
            }
            try reader.finish()
            return (offset, size)
        }
    }

    private func addNull(
        _ node: BlockNodeConfiguration, below format: BlockNodeConfiguration? = nil, subject: String
    ) throws(MachineError) {
        let (size, readsZeroes) = try configured { () throws(ConfigurationError) in
            var reader = try PropertyReader(node.properties, NullProperties.schema, subject: subject)
            let values = (try reader.value(NullProperties.size), try reader.value(NullProperties.readZeroes))
            try reader.finish()
            return values
        }
        let window = try window(of: format, subject: subject)
        guard window.offset <= size, window.size ?? 0 <= size - window.offset else {
            throw .part(
                option: subject, reason: "'offset' and 'size' reach past the \(size) bytes of the null-co node.")
        }
        let top = format ?? node
        try append(
            BlockBackEnd(
                name: top.nodeName ?? "", storageName: format == nil ? nil : node.nodeName, driver: top.driver,
                storageDriver: "null-co", path: nil,
                image: NullImage(size: window.size ?? size - window.offset, readsZeroes: readsZeroes),
                cache: node.cache,
                detectZeroes: .off, hasWriteCache: true, isDrive: false))
    }
}

/// What a `file` or `host_device` node takes beside what all nodes do.
enum FileProperties {
    static let filename = Property<String>.string("filename", "path of the image")
    static let engine = Property<BlockEngine>.choice("aio", "how requests reach the host")
    static let locking = Property<Toggle>.choice("locking", default: Toggle.auto, "whether other users are kept away")
    static let schema = PropertySchema(filename, engine, locking)
}

/// What a `null-co` node takes.
enum NullProperties {
    static let size = Property<UInt64>.size("size", in: 0...(1 << 62), default: 1 << 30, "bytes of the disk")
    static let readZeroes = Property<Bool>.boolean("read-zeroes", default: false, "whether reads give zeros")
    static let schema = PropertySchema(size, readZeroes)
}

/// What a `raw` node takes besides the node below it.
enum RawProperties {
    static let offset = Property<UInt64>.size(
        "offset", in: 0...(1 << 62), default: 0, "where in the node below the disk begins")
    static let size = Property<UInt64>.size(
        "size", in: 0...(1 << 62), "how much of it the disk is; by default the rest")
    static let schema = PropertySchema(offset, size)
}

/// What a `throttle` node takes besides the node below it.
enum FilterProperties {
    static let group = Property<String>.string("throttle-group", "the -object throttle-group whose limits it keeps")
}
