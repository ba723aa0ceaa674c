import Glibc
import Host
import JSON
import QMP
import Support
import Testing

@Suite("query-qmp-schema describes what the monitor does")
struct SchemaTests {
    /// Machines whose replies differ in their optional members.
    static let machines = [
        "-m 64",
        "-machine microvm -m 64 -smp 3 -device virtio-rng-device,id=rng",
        """
        -m 64 -S -name guest -uuid 12345678-9abc-def0-1234-56789abcdef0 -object iothread,id=t -smp 4,cores=2,threads=2 \
        -blockdev null-co,node-name=n,size=1M -device virtio-blk-pci,id=d,drive=n,iothread=t \
        -blockdev null-co,node-name=idle -device pcie-root-port,id=port,chassis=1,addr=6 -device virtio-rng-pci,bus=port
        """,
    ]

    /// Commands that end or change a machine come last, each on a machine of its own.
    private static let arguments: [String: JSON] = [
        "device-list-properties": ["typename": "virtio-blk-pci"], "qom-list-types": ["implements": "device"],
        "qom-list": ["path": "/machine"], "qom-get": ["path": "/machine", "property": "type"],
        "qom-list-properties": ["typename": "iothread"], "getfd": ["fdname": "name"], "closefd": ["fdname": "name"],
        "remove-fd": ["fdset-id": 0], "human-monitor-command": ["command-line": "info status"],
        "memsave": ["val": 0, "size": 4096, "filename": "/dev/null"],
        "pmemsave": ["val": 0, "size": 4096, "filename": "/dev/null"],
    ]

    /// Commands that need another one before them, or fail on a machine without guest code.
    private static let preparations: [String: (name: String, arguments: JSON)] = [
        "closefd": ("getfd", ["fdname": "name"]), "remove-fd": ("add-fd", ["fdset-id": 0]),
    ]

    /// Commands that only a certain disk can obey; `BlockCommandTests` has it.
    private static let needsDisk: Set<String> = ["block_resize", "block_set_io_throttle"]

    @Test("The schema is whole: everything it refers to is in it, once")
    func whole() throws {
        let machine = try MachineUnderTest("-m 64")
        let client = QMPTestClient(Monitor(machine.machine))
        let schema = QMPSchema(try #require(client.result("query-qmp-schema")))
        #expect(schema.faults == [])
        let commands = try #require(client.result("query-commands")?.arrayValue).compactMap { $0["name"]?.stringValue }
        #expect(Set(commands) == schema.commandNames)
        #expect(Set(commands).count == commands.count)
        let events = try #require(client.result("query-events")?.arrayValue).compactMap { $0["name"]?.stringValue }
        #expect(Set(events) == schema.eventNames)
    }

    @Test("Every command's reply is as the schema says, on every kind of machine", arguments: machines)
    func replies(_ words: String) throws {
        let names: [String]
        let schema: QMPSchema
        do {
            let machine = try MachineUnderTest(words)
            let client = QMPTestClient(Monitor(machine.machine))
            names = try #require(client.result("query-commands")?.arrayValue).compactMap { $0["name"]?.stringValue }
            schema = QMPSchema(try #require(client.result("query-qmp-schema")))
        }
        for name in names where !Self.needsDisk.contains(name) {
            let machine = try MachineUnderTest(words)
            let client = QMPTestClient(Monitor(machine.machine), negotiates: name != "qmp_capabilities") {
                try? FileDescriptor.open("/dev/null", O_RDWR)
            }
            _ = client.take()
            if let first = Self.preparations[name] { _ = client.execute(first.name, first.arguments) }
            let mandatory = schema.arguments(of: name).filter { !$0.isOptional }.map(\.name)
            let given = Self.arguments[name]
            for argument in mandatory where given?[argument] == nil {
                Issue.record("\(name) needs \(argument), for which this test has no value.")
            }
            let messages = client.execute(name, given)
            machine.settle()
            let reply = messages.last
            #expect(reply?["return"] != nil, "\(name): \(reply ?? [:])")
            #expect(schema.faults(ofReply: reply?["return"] ?? [:], to: name) == [])
            for event in messages.dropLast() + client.take() { #expect(schema.faults(ofEvent: event) == []) }
            #expect(client.malformed.isEmpty)
        }
    }

    @Test("Every argument the schema calls optional can be left out, and each of a wrong type is refused")
    func wrongTypes() throws {
        let machine = try MachineUnderTest("-m 64")
        let client = QMPTestClient(Monitor(machine.machine))
        let schema = QMPSchema(try #require(client.result("query-qmp-schema")))
        for name in schema.commandNames where name != "qmp_capabilities" {
            for argument in schema.arguments(of: name) where schema.kind(of: argument.type) != "value" {
                let wrong: JSON = schema.kind(of: argument.type) == "array" ? "text" : [1]
                let failure = client.failure(name, .object([argument.name: wrong]))
                #expect(failure?.errorClass == "GenericError", "\(name) \(argument.name)")
            }
        }
    }

    @Test("The validator itself sees what is wrong")
    func validator() throws {
        let schema = QMPSchema(
            try JSON.parse(
                """
                [{"name": "c", "meta-type": "command", "arg-type": "e", "ret-type": "o"},
                 {"name": "e", "meta-type": "object", "members": []},
                 {"name": "o", "meta-type": "object",
                  "members": [{"name": "a", "type": "int"}, {"name": "b", "type": "[w]", "default": null}]},
                 {"name": "int", "meta-type": "builtin", "json-type": "int"},
                 {"name": "[w]", "meta-type": "array", "element-type": "w"},
                 {"name": "w", "meta-type": "enum", "values": ["x", "y"]}]
                """))
        #expect(schema.faults == [])
        #expect(schema.faults(ofReply: ["a": 1], to: "c") == [])
        #expect(schema.faults(ofReply: ["a": 1, "b": ["x", "y"]], to: "c") == [])
        for wrong: JSON in [[:], ["a": "1"], ["a": 1, "b": "x"], ["a": 1, "b": ["z"]], ["a": 1, "d": 1], []] {
            #expect(schema.faults(ofReply: wrong, to: "c").count == 1, "\(wrong)")
        }
    }

    @Test("MachineInfo has the members that QEMU 7.2's has, and no other")
    func machineInformation() throws {
        let machine = try MachineUnderTest("-m 64")
        let client = QMPTestClient(Monitor(machine.machine))
        let machines = try #require(client.result("query-machines")?.arrayValue)
        let mandatory: Set = ["name", "cpu-max", "hotpluggable-cpus", "numa-mem-supported", "deprecated"]
        let optional: Set = ["alias", "is-default", "default-cpu-type", "default-ram-id"]
        for entry in machines {
            let members = Set(entry.objectValue?.members.map(\.name) ?? [])
            #expect(mandatory.isSubset(of: members) && members.isSubset(of: mandatory.union(optional)), "\(entry)")
        }
        let names = machines.flatMap { [$0["name"]?.stringValue, $0["alias"]?.stringValue].compactMap { $0 } }
        #expect(Set(names).isSuperset(of: ["q35", "microvm"]))
        #expect(machines.count { $0["is-default"] == true } == 1)
    }

    @Test("Every type that qom-list-types calls a device has properties, as many as -device help shows")
    func devices() throws {
        let machine = try MachineUnderTest("-m 64")
        let client = QMPTestClient(Monitor(machine.machine))
        let types = try #require(client.result("qom-list-types", ["implements": "device"])?.arrayValue)
        #expect(types.contains { $0["name"] == "virtio-blk-pci" })
        for type in types {
            let properties = client.result("device-list-properties", ["typename": type["name"] ?? .null])
            #expect(properties?.arrayValue != nil, "\(type)")
        }
        #expect(client.result("qom-list-types", ["implements": "no-such-type"]) == [])
    }
}
