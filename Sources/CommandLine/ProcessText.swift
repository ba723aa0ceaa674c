internal import Configuration

/// `-action`, `-msg`, `-sandbox`, `-add-fd` and `-overcommit` into values.
enum ProcessText {
    private static let reboot = Property.choice("reboot", of: LifecycleConfiguration.Reboot.self, "when it reboots")
    private static let shutdown = Property.choice(
        "shutdown", of: LifecycleConfiguration.Shutdown.self, "when it powers off")
    private static let panic = Property.choice("panic", of: LifecycleConfiguration.Panic.self, "when it panics")
    private static let watchdog = Property.choice(
        "watchdog", of: LifecycleConfiguration.Watchdog.self, "when a watchdog fires")

    static let actionSchema = PropertySchema(reboot, shutdown, panic, watchdog)

    static func actions(
        _ properties: Properties, _ lifecycle: inout LifecycleConfiguration
    ) throws(ConfigurationError) {
        var reader = try PropertyReader(properties, actionSchema, subject: "-action")
        lifecycle.reboot = try reader.optional(reboot) ?? lifecycle.reboot
        lifecycle.shutdown = try reader.optional(shutdown) ?? lifecycle.shutdown
        lifecycle.panic = try reader.optional(panic) ?? lifecycle.panic
        lifecycle.watchdog = try reader.optional(watchdog) ?? lifecycle.watchdog
    }

    private static let timestamp = Property.boolean("timestamp", "begin messages with the time")

    static func messages(_ properties: Properties, _ log: inout LogConfiguration) throws(ConfigurationError) {
        var reader = try PropertyReader(properties, messageSchema, subject: "-msg")
        log.hasTimestamps = try reader.optional(timestamp) ?? log.hasTimestamps
    }

    static let messageSchema = PropertySchema(timestamp)

    /// `-d`'s items, parted by commas.
    static func logItems(_ text: String) throws(CommandLineError) -> [LogItem] {
        var items: [LogItem] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let item = LogItem(rawValue: String(word)) else {
                let names = LogItem.allCases.map(\.rawValue).joined(separator: " and ")
                throw .notTaken(option: "-d", given: String(word), rule: "the items are \(names)")
            }
            items.append(item)
        }
        return items
    }

    private static let enable = Property.boolean("enable", "confine at all")
    private static let obsolete = Property.choice("obsolete", ["allow", "deny"], "system calls of old")
    private static let elevate = Property.choice(
        "elevateprivileges", ["allow", "deny", "children"], "calls that gain privileges")
    private static let spawn = Property.choice("spawn", ["allow", "deny"], "new processes")
    private static let resources = Property.choice("resourcecontrol", ["allow", "deny"], "priorities and affinity")

    static func sandbox(_ properties: Properties) throws(ConfigurationError) -> SandboxConfiguration {
        let schema = PropertySchema(enable, obsolete, elevate, spawn, resources)
        var reader = try PropertyReader(properties, schema, subject: "-sandbox")
        var result = SandboxConfiguration(isEnabled: try reader.value(enable))
        for rule in [obsolete, elevate, spawn, resources] {
            result.rules[rule.name] = try reader.optional(rule).map { .string($0) }
        }
        return result
    }

    private static let descriptor = Property.integer("fd", in: 3...Int(Int32.max), "an open descriptor")
    private static let set = Property.integer("set", in: 0...Int(Int32.max), "the set it joins")
    private static let opaque = Property.string("opaque", "a note")

    static let descriptorSchema = PropertySchema(descriptor, set, opaque)

    static func descriptor(_ properties: Properties) throws(ConfigurationError) -> InheritedDescriptorConfiguration {
        var reader = try PropertyReader(properties, descriptorSchema, subject: "-add-fd")
        return InheritedDescriptorConfiguration(
            descriptor: Int32(try reader.value(descriptor)), set: try reader.value(set),
            opaque: try reader.optional(opaque))
    }

    private static let lock = Property.boolean("mem-lock", default: false, "lock all memory")
    private static let idle = Property.boolean("cpu-pm", default: false, "pass the processor's idle states on")

    static let overcommitSchema = PropertySchema(lock, idle)

    static func overcommit(
        _ properties: Properties, _ process: inout ProcessConfiguration
    ) throws(ConfigurationError) {
        var reader = try PropertyReader(properties, overcommitSchema, subject: "-overcommit")
        process.locksMemory = try reader.value(lock)
        process.passesIdleStates = try reader.value(idle)
    }
}
