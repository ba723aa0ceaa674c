internal import Configuration

/// `-drive` into its value.
enum DriveText {
    /// `cache=`: what each word means for the host's cache, the flushes and the guest's write cache.
    private enum CacheMode: String, CaseIterable { case writeback, none, writethrough, directsync, unsafe }

    private static let file = Property.string("file", "the image")
    private static let interface = Property.choice(
        "if", of: DriveConfiguration.Interface.self, "what it is attached to")
    private static let format = Property.string("format", "the image's format")
    private static let readOnly = Property.boolean("readonly", "refuse writes")
    private static let readOnlyToo = Property.boolean("read-only", "refuse writes")
    private static let cache = Property.choice("cache", of: CacheMode.self, "how the host caches")
    private static let cacheDirect = Property.boolean("cache.direct", "past the host's page cache")
    private static let direct = Property.boolean("direct", "past the host's page cache")
    private static let noFlush = Property.boolean("cache.no-flush", "do not pass flushes on")
    private static let writeback = Property.boolean("cache.writeback", "start with the write cache on")
    private static let engine = Property.choice("aio", of: BlockEngine.self, "how requests reach the host")
    private static let discard = Property.choice(
        "discard", ["unmap", "on", "ignore", "off"], default: "ignore", "what a guest's discard does")
    private static let detectZeroes = Property.choice(
        "detect-zeroes", of: ZeroDetection.self, default: .off, "what written zeroes become")
    private static let media = Property.choice("media", of: DriveConfiguration.Media.self, default: .disk, "its kind")
    private static let index = Property.integer("index", in: 0...255, "which of its interface")
    private static let unit = Property.integer("unit", in: 0...255, "which of its interface")
    private static let readError = Property.choice("rerror", ["report", "ignore", "stop"], "what a read error does")
    private static let writeError = Property.choice(
        "werror", of: BlockErrorPolicy.self, "what a write error does")
    static let schema =
        PropertySchema(
            file, interface, format, readOnly, readOnlyToo, cache, cacheDirect, direct, noFlush, writeback, engine,
            discard, detectZeroes, media, index, unit, readError, writeError)
        + PropertySchema(throttling.map(\.declaration) + [throttleGroup.declaration])

    /// Of QEMU, but not of Apus; their harmless value is accepted, as it asks for what happens anyway.
    private static let absent = ["copy-on-read", "snapshot"]

    /// `throttling.iops-total`, `throttling.bps-read-max`, … : a number each.
    private static let throttling: [Property<UInt64>] = {
        var properties: [Property<UInt64>] = []
        for unit in ["iops", "bps"] {
            for direction in ["total", "read", "write"] {
                for suffix in ["", "-max", "-max-length"] {
                    properties.append(.unsigned("throttling.\(unit)-\(direction)\(suffix)", "a limit"))
                }
            }
        }
        return properties + [.unsigned("throttling.iops-size", "bytes that count as one request")]
    }()

    private static let throttleGroup = Property.string("throttling.group", "whose limits it shares")

    static func drive(_ properties: Properties) throws(ConfigurationError) -> DriveConfiguration {
        var rest = properties
        var drive = DriveConfiguration()
        drive.identifier = try rest.takeIdentifier(subject: "-drive")
        if rest["serial"] != nil {
            throw .conflict(
                subject: "-drive", rule: "'serial' is a property of the device, as in -device virtio-blk-pci")
        }
        for name in absent {
            if let value = rest.remove(name), value != "off" {
                throw .conflict(subject: "-drive", rule: "'\(name)' is not supported by Apus yet")
            }
        }
        var reader = try PropertyReader(rest, schema, subject: "-drive")
        drive.file = try reader.optional(file)
        if drive.file?.isEmpty == true { throw reader.refusal(file, allowed: "a path") }
        drive.interface = try reader.optional(interface)
        drive.format = try reader.optional(format)
        drive.media = try reader.value(media)
        let saysReadOnly = try either(readOnly, readOnlyToo, &reader)
        drive.isReadOnly = saysReadOnly ?? (drive.media == .cdrom)
        if drive.media == .cdrom, !drive.isReadOnly {
            throw .conflict(subject: "-drive", rule: "'media=cdrom' is read-only by nature")
        }
        if drive.media == .disk, drive.file == nil { throw .missingProperty(subject: "-drive", name: "file") }
        drive.discard = ["unmap", "on"].contains(try reader.value(discard)) ? .unmap : .ignore
        drive.detectZeroes = try reader.value(detectZeroes)
        drive.index = try either(index, unit, &reader)
        drive.readError = try reader.optional(readError).flatMap { BlockErrorPolicy(rawValue: $0) }
        drive.writeError = try reader.optional(writeError)
        try readCache(&drive, &reader)
        for property in throttling {
            guard reader.isGiven(property), let limit = try reader.optional(property) else { continue }
            let name = property.name.dropFirst("throttling.".count)
            drive.throttling[String(name)] = Int64(exactly: limit).map { .integer($0) } ?? .unsigned(limit)
        }
        if let group = try reader.optional(throttleGroup) { drive.throttling["group"] = .string(group) }
        try reader.finish()
        return drive
    }

    private static func readCache(
        _ drive: inout DriveConfiguration, _ reader: inout PropertyReader
    ) throws(ConfigurationError) {
        let mode = try reader.optional(cache)
        drive.engine = try reader.optional(engine)
        drive.cache.isDirect = mode == CacheMode.none || mode == .directsync
        drive.cache.ignoresFlush = mode == .unsafe
        drive.hasWriteCache = mode != .writethrough && mode != .directsync
        let saysDirect = try either(cacheDirect, direct, &reader)
        // Native AIO blocks without O_DIRECT, so it implies it where nothing else is said. QEMU demands it spelled out;
        // StratoVirt has it on by default.
        drive.cache.isDirect = saysDirect ?? (mode == nil && drive.engine == .native ? true : drive.cache.isDirect)
        drive.cache.ignoresFlush = try reader.optional(noFlush) ?? drive.cache.ignoresFlush
        drive.hasWriteCache = try reader.optional(writeback) ?? drive.hasWriteCache
        guard drive.engine != .native || drive.cache.isDirect else {
            throw .conflict(subject: "-drive", rule: "aio=native needs cache.direct=on (or cache=none)")
        }
    }

    /// The one of two names for the same thing that was given.
    private static func either<Content>(
        _ first: Property<Content>, _ second: Property<Content>, _ reader: inout PropertyReader
    ) throws(ConfigurationError) -> Content? {
        let one = try reader.optional(first)
        let other = try reader.optional(second)
        if one != nil, other != nil {
            throw .conflict(
                subject: "-drive", rule: "'\(first.name)' and '\(second.name)' are the same thing said twice")
        }
        return one ?? other
    }
}
