internal import Configuration

/// `-boot`, `-rtc`, `-fw_cfg` and `-smbios` into values.
enum BootText {
    private static let order = Property.string("order", "drives in order")
    private static let once = Property.string("once", "drives in order, for the first boot")
    private static let menu = Property.boolean("menu", "let the user choose")
    private static let strict = Property.boolean("strict", default: false, "only devices with a bootindex")
    private static let splashTime = Property.integer("splash-time", in: 0...0xffff, "milliseconds of the menu")
    private static let rebootTimeout = Property.integer(
        "reboot-timeout", in: -1...0xffff, "milliseconds before trying again; -1 never does")

    static let bootSchema = PropertySchema(order, once, menu, strict, splashTime, rebootTimeout)

    static func boot(
        _ properties: Properties, _ boot: inout BootConfiguration
    ) throws(ConfigurationError) {
        var reader = try PropertyReader(properties, bootSchema, subject: "-boot")
        boot.order = try drives(order, &reader) ?? boot.order
        boot.once = try drives(once, &reader) ?? boot.once
        boot.menu = try reader.optional(menu) ?? boot.menu
        if reader.isGiven(strict) { boot.strict = try reader.value(strict) }
        boot.splashTime = try reader.optional(splashTime) ?? boot.splashTime
        boot.rebootTimeout = try reader.optional(rebootTimeout) ?? boot.rebootTimeout
    }

    /// A list of drive letters, each once: `a` and `b` floppies, `c` disk, `d` CD-ROM, `n` to `p` network.
    private static func drives(
        _ property: Property<String>, _ reader: inout PropertyReader
    ) throws(ConfigurationError) -> String? {
        guard let text = try reader.optional(property) else { return nil }
        let letters = Array(text.utf8)
        guard letters.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "p")).contains($0) }),
            Set(letters).count == letters.count
        else { throw reader.refusal(property, allowed: "letters from 'a' to 'p', each once") }
        return text
    }

    private static let base = Property.string("base", "utc, localtime, or a date")
    private static let source = Property.choice("clock", of: ClockConfiguration.Source.self, "what it follows")
    private static let driftFix = Property.choice("driftfix", of: ClockConfiguration.DriftFix.self, "lost ticks")

    static let clockSchema = PropertySchema(base, source, driftFix)

    static func clock(
        _ properties: Properties, _ clock: inout ClockConfiguration
    ) throws(ConfigurationError) {
        var reader = try PropertyReader(properties, clockSchema, subject: "-rtc")
        switch try reader.optional(base) {
        case nil: break
        case "utc"?: clock.base = .utc
        case "localtime"?: clock.base = .localTime
        case let text?:
            guard let seconds = CivilTime.seconds(text) else {
                throw reader.refusal(base, allowed: "utc, localtime, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS")
            }
            clock.base = .instant(seconds)
        }
        clock.source = try reader.optional(source) ?? clock.source
        clock.driftFix = try reader.optional(driftFix) ?? clock.driftFix
    }

    private static let name = Property.string("name", "the file's name")
    private static let file = Property.string("file", "the file it is read from")
    private static let string = Property.string("string", "its content")

    static let entrySchema = PropertySchema(name, file, string)

    static func firmwareEntry(
        _ properties: Properties
    ) throws(ConfigurationError) -> FirmwareEntryConfiguration {
        var reader = try PropertyReader(properties, entrySchema, subject: "-fw_cfg")
        let entryName = try reader.value(name)
        guard (1...55).contains(entryName.utf8.count) else {
            throw reader.refusal(name, allowed: "1 to 55 characters")
        }
        switch (try reader.optional(file), try reader.optional(string)) {
        case (let path?, nil): return FirmwareEntryConfiguration(name: entryName, content: .file(path: path))
        case (nil, let text?): return FirmwareEntryConfiguration(name: entryName, content: .string(text))
        default: throw .conflict(subject: "-fw_cfg", rule: "exactly one of 'file' and 'string' is needed")
        }
    }

    static func smbios(_ properties: Properties) throws(ConfigurationError) -> SMBIOSConfiguration {
        var rest = properties
        if let path = try rest.takeString("file", subject: "-smbios") {
            guard rest.isEmpty else { throw .conflict(subject: "-smbios", rule: "'file' stands alone") }
            return .file(path: path)
        }
        let text = try rest.takeRequiredString("type", subject: "-smbios")
        guard let type = NumberText.unsigned(text), type <= 127 else {
            throw .badValue(subject: "-smbios", name: "type", given: text, allowed: "a whole number from 0 to 127")
        }
        return .fields(type: Int(type), rest)
    }
}
