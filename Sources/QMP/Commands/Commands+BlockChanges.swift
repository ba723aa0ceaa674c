internal import Block
internal import Configuration
internal import Machine

// What changes disks.
extension Commands {
    private enum Arguments {
        static let device = Property<String>.string("device", "the id of a -drive")
        static let node = Property<String>.string("node-name", "the name of a -blockdev")
        static let size = Property<UInt64>.unsigned("size", in: 0...(1 << 62), "bytes")
        static let resize = PropertySchema(device, node, size)
    }

    static let blockChanges: [Command] = [
        Command("block_resize", Arguments.resize, returns: Nothing.self) { context, reader in
            let device = try reader.optional(Arguments.device)
            let node = try reader.optional(Arguments.node)
            let size = try reader.value(Arguments.size)
            try reader.finish()
            let backEnds = context.machine.backEnds
            guard let back = backEnds.block(device: device, node: node) else {
                throw QMPError(.genericError, "Cannot find device='\(device ?? "")' nor node-name='\(node ?? "")'")
            }
            try backEnds.resize(back, to: size)
            return Nothing()
        },
        Command("block_set_io_throttle", ThrottleArguments.schema, returns: Nothing.self) { context, reader in
            let device = try reader.optional(Arguments.device)
            let id = try reader.optional(ThrottleArguments.id)
            let group = try reader.optional(ThrottleArguments.group)
            let limits = try ThrottleArguments.limits(&reader)
            try reader.finish()
            let machine = context.machine
            let drive = device ?? machine.board.plugged.first { id != nil && $0.answers(to: id ?? "") }?.drive
            guard let back = machine.backEnds.blocks.first(where: { $0.name == drive }) else {
                throw QMPError(.deviceNotFound, "Device '\(device ?? id ?? "")' not found")
            }
            try machine.backEnds.setThrottle(back, limits, group: group, subject: "block_set_io_throttle")
            return Nothing()
        },
    ]
}

extension PluggedDevice {
    /// Whether `name` is the device's id, its path, or the path of the virtio device in it.
    func answers(to name: String) -> Bool {
        name == path || name == path + "/virtio-backend" || name == configuration.identifier
    }
}

/// The arguments of `block_set_io_throttle`, which the members of `query-block` mirror.
private enum ThrottleArguments {
    static let id = Property<String>.string("id", "the device's id or path")
    static let group = Property<String>.string("group", "the group whose limits these are")

    static let schema =
        PropertySchema(Property<String>.string("device", "the id of a -drive"), id, group)
        + PropertySchema(names.map { number($0).declaration })

    private static func number(_ name: String) -> Property<UInt64> {
        .unsigned(name, in: 0...UInt64(Int64.max), "a limit per second")
    }

    private static let names =
        ThrottleLimits.Bound.allCases.flatMap { bound in ["", "_max", "_max_length"].map { bound.monitorName + $0 } }
        + ["iops_size"]

    static func limits(_ reader: inout PropertyReader) throws(ConfigurationError) -> ThrottleLimits {
        var limits = ThrottleLimits()
        for bound in ThrottleLimits.Bound.allCases {
            limits[bound] = ThrottleLimits.Rate(
                average: try reader.value(number(bound.monitorName)),
                burst: try reader.optional(number(bound.monitorName + "_max")) ?? 0,
                burstLength: try reader.optional(number(bound.monitorName + "_max_length")) ?? 1)
        }
        limits.operationSize = try reader.optional(number("iops_size")) ?? 0
        return limits
    }
}
