package import Configuration

/// A kind of `-object`: its name and what it takes.
package struct ObjectType: Sendable {
    package let name: String
    package let summary: String
    package let schema: PropertySchema

    package static func named(_ name: String) -> ObjectType? { all.first { $0.name == name } }

    package static var all: [ObjectType] { [ioThread, builtinRandom, fileRandom, throttleGroup] + memoryBackends }

    static let ioThread = ObjectType(
        name: "iothread", summary: "a thread that runs the data path of devices", schema: PropertySchema())

    static let builtinRandom = ObjectType(
        name: "rng-builtin", summary: "randomness from the kernel's getrandom", schema: PropertySchema())

    static let fileRandom = ObjectType(
        name: "rng-random", summary: "randomness from a file", schema: PropertySchema(RandomProperties.filename))
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
