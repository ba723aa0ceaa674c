import Configuration
import Testing

@Suite("Reading properties")
struct PropertyReaderTests {
    private static let drive = Property.string("drive", "what holds the data")
    private static let queues = Property.integer("num-queues", in: 1...1024, default: 1, "request queues")
    private static let cache = Property.boolean("write-cache", "write cache")
    private static let limit = Property.size("limit", in: 512...(1 << 20), default: 4096, "a limit")
    private static let toggle = Property.choice("rom", of: Toggle.self, default: .auto, "option ROM")
    private static let names = Property.strings("fds", "descriptors")
    private static let schema = PropertySchema(drive, queues, cache, limit, toggle, names)

    private func reader(_ properties: Properties) throws -> PropertyReader {
        try PropertyReader(properties, Self.schema, subject: "-device disk")
    }

    @Test("Text and JSON mean the same")
    func both() throws {
        for properties: Properties in [
            ["num-queues": "0x10", "write-cache": "on", "limit": "1K", "rom": "off", "fds": "3:4"],
            ["num-queues": 16, "write-cache": true, "limit": 1024, "rom": false, "fds": .list(["3", "4"])],
        ] {
            var reader = try reader(properties)
            #expect(try reader.value(Self.queues) == 16)
            #expect(try reader.value(Self.cache))
            #expect(try reader.value(Self.limit) == 1024)
            #expect(try reader.value(Self.toggle) == .off)
            #expect(try reader.value(Self.names) == ["3", "4"])
            try reader.finish()
        }
    }

    @Test("What is not given is its default, or missing")
    func absent() throws {
        var reader = try reader([:])
        #expect(try reader.value(Self.queues) == 1 && reader.value(Self.limit) == 4096)
        #expect(try reader.optional(Self.drive) == nil)
        #expect(throws: ConfigurationError.missingProperty(subject: "-device disk", name: "drive")) {
            try reader.value(Self.drive)
        }
    }

    @Test("An unknown key is refused with the nearest name")
    func unknown() {
        #expect(
            throws: ConfigurationError.unknownProperty(
                subject: "-device disk", name: "num-quues", nearest: "num-queues")
        ) { try reader(["num-quues": 1]) }
    }

    @Test(
        "Wrong types and ranges are refused",
        arguments: [
            ["num-queues": 0], ["num-queues": 1025], ["num-queues": true], ["num-queues": .real(1)], ["num-queues": ""],
            ["num-queues": .unsigned(.max)], ["num-queues": .null], ["num-queues": .list([])],
        ] as [Properties])
    func wrong(properties: Properties) throws {
        var reader = try reader(properties)
        #expect(throws: ConfigurationError.self) { try reader.value(Self.queues) }
    }

    @Test("A property nobody declared cannot be read, and a given one must be")
    func honesty() throws {
        var reader = try reader(["drive": "d"])
        #expect(throws: ConfigurationError.undeclaredProperty(subject: "-device disk", name: "ghost")) {
            try reader.optional(Property.string("ghost", ""))
        }
        #expect(throws: ConfigurationError.unusedProperty(subject: "-device disk", name: "drive")) {
            try reader.finish()
        }
    }

    @Test("Help is the declarations")
    func help() {
        #expect(
            Self.schema.help == [
                "  drive=<str>                  - what holds the data", "  fds=<list>                   - descriptors",
                "  limit=<size>                 - a limit (default: 4K)",
                "  num-queues=<uint16>          - request queues (default: 1)",
                "  rom=<on|off|auto>            - option ROM (default: auto)",
                "  write-cache=<bool>           - write cache",
            ])
    }
}
