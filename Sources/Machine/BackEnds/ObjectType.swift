package import Configuration
internal import Host

/// A kind of `-object`: its name and what it takes.
package struct ObjectType: Sendable {
    package let name: String
    package let summary: String
    package let schema: PropertySchema

    package static func named(_ name: String) -> ObjectType? { all.first { $0.name == name } }

    package static var all: [ObjectType] { [ioThread, builtinRandom, fileRandom, throttleGroup] + memoryBackends }

    static let ioThread = ObjectType(
        name: "iothread", summary: "a thread that runs the data path of devices", schema: IOThreadProperties.schema)

    static let builtinRandom = ObjectType(
        name: "rng-builtin", summary: "randomness from the kernel's getrandom", schema: PropertySchema())

    static let fileRandom = ObjectType(
        name: "rng-random", summary: "randomness from a file", schema: PropertySchema(RandomProperties.filename))
}

/// What `-object iothread` takes.
enum IOThreadProperties {
    static let maximum = Property<UInt64>.unsigned(
        "poll-max-ns", in: 0...1_000_000_000, default: 0, "longest time to look for work before sleeping; 0: none")
    static let grow = Property<UInt64>.unsigned("poll-grow", in: 0...1_000_000, default: 0, "factor that lengthens it; 0: 2")
    static let shrink = Property<UInt64>.unsigned(
        "poll-shrink", in: 0...1_000_000, default: 0, "divisor that shortens it; 0: to nothing")
    static let schema = PropertySchema(maximum, grow, shrink)

    static func polling(_ properties: Properties) throws(ConfigurationError) -> PollSettings {
        var reader = try PropertyReader(properties, schema, subject: "-object iothread")
        return PollSettings(
            maximum: try reader.value(maximum), grow: try reader.value(grow), shrink: try reader.value(shrink))
    }
}

extension ObjectType {
    static let throttleGroup = ObjectType(
        name: "throttle-group", summary: "limits that several disks keep together", schema: ThrottleProperties.object)
}

/// What `-object rng-random` takes.
enum RandomProperties {
    static let filename = Property<String>.string(
        "filename", default: "/dev/urandom", "a device or file that random bytes are read from")
}
