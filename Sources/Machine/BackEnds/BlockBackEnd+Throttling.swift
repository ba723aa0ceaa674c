package import Block
internal import Configuration
internal import Synchronization

// Limits of disks.
extension BackEnds {
    /// An `-object throttle-group`.
    func addThrottleGroup(_ object: ObjectConfiguration) throws(MachineError) {
        let subject = "-object throttle-group,id=\(object.identifier)"
        let limits = try configured { () throws(ConfigurationError) in
            var reader = try PropertyReader(object.properties, ThrottleProperties.object, subject: subject)
            let nested = try reader.optional(ThrottleProperties.limits)
            let plain = try ThrottleProperties.limits(&reader, prefix: "x-")
            try reader.finish()
            guard let nested else { return plain }
            var inner = try PropertyReader(nested, ThrottleProperties.plain, subject: "\(subject), limits")
            return try ThrottleProperties.limits(&inner, prefix: "")
        }
        _ = try makeGroup(object.identifier, limits, subject: subject)
    }

    /// The limits of a `-drive`: a group of its own, or one that it shares. Nil if it has none.
    func throttle(of drive: DriveConfiguration, name: String, subject: String) throws(MachineError) -> ThrottleGroup? {
        guard !drive.throttling.isEmpty else { return nil }
        var properties = drive.throttling
        var shared: String?
        if case .string(let group)? = properties.remove("group") { shared = group }
        let limits = try configured { () throws(ConfigurationError) in
            var reader = try PropertyReader(properties, ThrottleProperties.plain, subject: subject)
            return try ThrottleProperties.limits(&reader, prefix: "")
        }
        guard let shared, let group = throttleGroup(named: shared) else {
            return try makeGroup(shared ?? name, limits, subject: subject)
        }
        // The last to say something about a group has said it for all of its disks.
        if !properties.isEmpty { try set(limits, of: group, subject: subject) }
        return group
    }

    /// Limits a disk anew, as `block_set_io_throttle` asks: its group, with all its disks, or a new one of its own.
    package func setThrottle(
        _ block: BlockBackEnd, _ limits: ThrottleLimits, group name: String?, subject: String
    ) throws(MachineError) {
        if let conflict = limits.conflict { throw .part(option: subject, reason: conflict) }
        let current = block.throttle
        if limits.isUnlimited { return replaceThrottle(of: block, by: nil) }
        let wanted = name ?? current?.name ?? block.user ?? block.name
        let group: ThrottleGroup
        if let current, current.name == wanted {
            group = current
        } else if let known = throttleGroup(named: wanted) {
            group = known
        } else {
            group = try makeGroup(wanted, limits, subject: subject)
        }
        group.setLimits(limits)
        if group !== current { replaceThrottle(of: block, by: group) }
    }

    private func replaceThrottle(of block: BlockBackEnd, by group: ThrottleGroup?) {
        state.withLock { state in
            guard let index = state.blocks.firstIndex(where: { $0.name == block.name }) else { return }
            state.blocks[index].throttle = group
        }
        block.frontEnd?.setThrottle(group?.makeMember())
    }

    func throttleGroup(named name: String) -> ThrottleGroup? {
        state.withLock { $0.throttleGroups.first { $0.name == name } }
    }

    private func makeGroup(
        _ name: String, _ limits: ThrottleLimits, subject: String
    ) throws(MachineError) -> ThrottleGroup {
        if let conflict = limits.conflict { throw .part(option: subject, reason: conflict) }
        let group = ThrottleGroup(name: name, limits: limits, clock: clock)
        state.withLock { $0.throttleGroups.append(group) }
        return group
    }

    private func set(_ limits: ThrottleLimits, of group: ThrottleGroup, subject: String) throws(MachineError) {
        if let conflict = limits.conflict { throw .part(option: subject, reason: conflict) }
        group.setLimits(limits)
    }
}

/// The six rates with their bursts, by the names that each place has for them.
enum ThrottleProperties {
    static let limits = Property<Properties>.object("limits", "the limits as one object")
    /// `-drive throttling.…`, and `limits` of a throttle-group.
    static let plain = schema(prefix: "")
    /// `-object throttle-group`, whose older form has every name with an `x-`.
    static let object = PropertySchema(limits) + schema(prefix: "x-")

    private static func property(_ name: String) -> Property<UInt64> { .unsigned(name, "a limit per second") }

    private static func schema(prefix: String) -> PropertySchema {
        let names = ThrottleLimits.Bound.allCases.flatMap { bound in
            ["", "-max", "-max-length"].map { prefix + bound.optionName + $0 }
        }
        return PropertySchema((names + [prefix + "iops-size"]).map { property($0).declaration })
    }

    /// Reads limits whose names have this prefix.
    static func limits(_ reader: inout PropertyReader, prefix: String) throws(ConfigurationError) -> ThrottleLimits {
        var limits = ThrottleLimits()
        for bound in ThrottleLimits.Bound.allCases {
            let name = prefix + bound.optionName
            limits[bound] = ThrottleLimits.Rate(
                average: try reader.optional(property(name)) ?? 0,
                burst: try reader.optional(property(name + "-max")) ?? 0,
                burstLength: try reader.optional(property(name + "-max-length")) ?? 1)
        }
        limits.operationSize = try reader.optional(property(prefix + "iops-size")) ?? 0
        return limits
    }
}
