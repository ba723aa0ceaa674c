package import Block
package import Configuration
internal import Synchronization

/// A disk image by its name, and the device that has it.
package struct BlockBackEnd: Sendable {
    /// `-drive id=` or `-blockdev node-name=`.
    package let name: String
    /// The node under it that holds the file, where `-blockdev` gave it a name of its own.
    package let storageName: String?
    /// The format: `raw`, `null-co`.
    package let driver: String
    /// Nil for an image without a file.
    package let path: String?
    package let image: any BlockImage
    package let cache: CacheConfiguration
    /// Whether the guest starts with its write cache on.
    package let hasWriteCache: Bool
    /// Whether it came from `-drive`, whose ids QMP shows as device names.
    package let isDrive: Bool
    /// The device that uses it.
    package var user: String?
}

// Disk images.
extension BackEnds {
    /// Every image, in the order they were made.
    package var blocks: [BlockBackEnd] { state.withLock { $0.blocks } }

    /// Gives an image to a device, which then has it alone.
    ///
    /// - Parameters:
    ///   - device: what the device is called, to those who want the image later.
    ///   - subject: the option it came from, for messages.
    func claimBlock(named name: String, for device: String, subject: String) throws(MachineError) -> BlockBackEnd {
        let blocks = blocks
        guard let index = blocks.firstIndex(where: { $0.name == name }) else {
            throw .unknown(
                kind: "drive or node", name: name, nearest: Spelling.nearest(to: name, among: blocks.map(\.name)),
                hint: "\(subject) needs -drive id=\(name),… or -blockdev node-name=\(name),…")
        }
        if let user = blocks[index].user {
            throw .part(option: subject, reason: "Drive '\(name)' is already in use by device '\(user)'.")
        }
        state.withLock { $0.blocks[index].user = device }
        return blocks[index]
    }

    private func append(_ block: BlockBackEnd) throws(MachineError) {
        let isTaken = blocks.contains { $0.name == block.name || $0.storageName == block.name }
        guard !isTaken else {
            throw .configuration(.duplicateIdentifier(kind: "block node", identifier: block.name))
        }
        state.withLock { $0.blocks.append(block) }
    }

    // MARK: -drive

    /// Opens a `-drive`; answers the name it has, which is made up where none was given.
    func add(_ drive: DriveConfiguration) throws(MachineError) -> String {
        let subject = "-drive \(drive.identifier.map { "id=\($0)" } ?? drive.file.map { "file=\($0)" } ?? "")"
        guard let path = drive.file else {
            throw .configuration(.missingProperty(subject: subject, name: "file"))
        }
        guard drive.format ?? "raw" == "raw" else {
            throw .part(option: subject, reason: "Format '\(drive.format ?? "")' is not supported; raw is.")
        }
        guard drive.throttling.isEmpty else {
            throw .part(option: subject, reason: "Throttling is not supported yet.")
        }
        guard drive.detectZeroes == .off else {
            throw .part(option: subject, reason: "'detect-zeroes' is not supported yet.")
        }
        for policy in [drive.readError, drive.writeError] where policy != nil && policy != .report {
            throw .part(option: subject, reason: "'werror' and 'rerror' take only 'report' yet.")
        }
        let name = drive.identifier ?? "virtio\(blocks.filter(\.isDrive).count)"
        var options = ImageOptions()
        options.isReadOnly = drive.isReadOnly || drive.media == .cdrom
        try configure(&options, cache: drive.cache, engine: drive.engine, discard: drive.discard, subject: subject)
        let image = try blaming(subject) { () throws(BlockError) in try RawImage(path: path, options: options) }
        try append(
            BlockBackEnd(
                name: name, storageName: nil, driver: "raw", path: path, image: image, cache: drive.cache,
                hasWriteCache: drive.hasWriteCache, isDrive: true))
        return name
    }

    /// The engine: what was asked for, or the kernel's own for O_DIRECT and threads for the page cache.
    private func configure(
        _ options: inout ImageOptions, cache: CacheConfiguration, engine: BlockEngine?, discard: DiscardMode,
        subject: String
    ) throws(MachineError) {
        options.direct = cache.isDirect
        options.noFlush = cache.ignoresFlush
        options.discard = discard == .unmap ? .unmap : .ignore
        switch engine {
        case .native?: options.engine = .native
        case .threads?: options.engine = .threads
        case nil: options.engine = cache.isDirect ? .native : .threads
        case .io_uring?:
            throw .part(option: subject, reason: "aio=io_uring is not supported yet; native and threads are.")
        }
    }

    // MARK: -blockdev

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

    private func add(_ node: BlockNodeConfiguration, among named: [String: BlockNodeConfiguration]) throws(MachineError) {
        let name = node.nodeName ?? ""
        let subject = "-blockdev node-name=\(name)"
        switch node.driver {
        case "null-co": try addNull(node, subject: subject)
        case "file", "host_device": try addFile(node, below: nil, subject: subject)
        case "raw":
            guard node.properties.isEmpty else {
                throw .configuration(
                    .unknownProperty(subject: subject, name: node.properties.keys[0], nearest: nil))
            }
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
                nearest: Spelling.nearest(to: node.driver, among: ["file", "host_device", "raw", "null-co"]),
                hint: "file, host_device, raw and null-co are supported")
        }
    }

    private func addFile(
        _ storage: BlockNodeConfiguration, below format: BlockNodeConfiguration?, subject: String
    ) throws(MachineError) {
        if storage.driver == "null-co", let format { return try addNull(storage, below: format, subject: subject) }
        guard storage.driver == "file" || storage.driver == "host_device" else {
            throw .part(
                option: subject, reason: "A raw node stands on file, host_device or null-co, not on '\(storage.driver)'.")
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
        options.isReadOnly = top.isReadOnly || storage.isReadOnly && !storage.isAutoReadOnly
        options.isLocked = locks != .off
        var cache = storage.cache
        if let format {
            cache.isDirect = cache.isDirect || format.cache.isDirect
            cache.ignoresFlush = cache.ignoresFlush || format.cache.ignoresFlush
        }
        guard top.detectZeroes == .off else {
            throw .part(option: subject, reason: "'detect-zeroes' is not supported yet.")
        }
        let discard: DiscardMode = storage.discard == .unmap && top.discard == .unmap ? .unmap : .ignore
        try configure(&options, cache: cache, engine: engine, discard: discard, subject: subject)
        let image = try blaming(subject) { () throws(BlockError) in try RawImage(path: path, options: options) }
        try append(
            BlockBackEnd(
                name: top.nodeName ?? "", storageName: format == nil ? nil : storage.nodeName,
                driver: top.driver, path: path, image: image, cache: cache, hasWriteCache: true, isDrive: false))
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
        try append(
            BlockBackEnd(
                name: (format ?? node).nodeName ?? "", storageName: format == nil ? nil : node.nodeName,
                driver: "null-co", path: nil, image: NullImage(size: size, readsZeroes: readsZeroes),
                cache: node.cache, hasWriteCache: true, isDrive: false))
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
