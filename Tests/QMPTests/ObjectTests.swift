import JSON
import QMP
import Support
import Testing

@Suite("The object tree, and what clients ask at their start")
struct ObjectTests {
    private let machine: MachineUnderTest
    private let client: QMPTestClient

    init() throws {
        machine = try MachineUnderTest(
            """
            -m 64 -smp 2 -object iothread,id=t -object rng-random,id=r,filename=/dev/zero -blockdev null-co,node-name=n \
            -device virtio-blk-pci,id=disk,drive=n,num-queues=2,iothread=t -device virtio-rng-pci,rng=r \
            -serial pty -chardev null,id=spare -global virtio-rng-pci.max-bytes=1K
            """)
        client = QMPTestClient(Monitor(machine.machine))
    }

    private func names(_ path: String) -> [String: String] {
        var names: [String: String] = [:]
        for entry in client.result("qom-list", ["path": .string(path)])?.arrayValue ?? [] {
            names[entry["name"]?.stringValue ?? ""] = entry["type"]?.stringValue
        }
        return names
    }

    @Test("Devices, processors and objects are where clients look for them")
    func places() {
        #expect(
            names("/") == ["type": "string", "machine": "child<pc-q35-7.2-machine>", "objects": "child<container>"])
        #expect(names("/machine")["peripheral"] == "child<container>")
        #expect(names("/machine/peripheral") == ["type": "string", "disk": "child<virtio-blk-pci>"])
        #expect(names("/machine/peripheral-anon")["device[0]"] == "child<virtio-rng-pci>")
        #expect(names("/machine/unattached").count == 3)
        #expect(names("/machine/unattached/device[1]") == ["type": "string"])
        #expect(names("/objects") == ["type": "string", "t": "child<iothread>", "r": "child<rng-random>"])
        #expect(names("/machine/peripheral/disk")["virtio-backend"] == "child<virtio-blk-device>")
    }

    @Test("Every path of query-cpus-fast, query-hotpluggable-cpus and query-block is in the tree")
    func paths() throws {
        var paths = (client.result("query-cpus-fast")?.arrayValue ?? []).compactMap { $0["qom-path"]?.stringValue }
        paths += (client.result("query-hotpluggable-cpus")?.arrayValue ?? []).compactMap { $0["qom-path"]?.stringValue }
        paths += (client.result("query-block")?.arrayValue ?? []).compactMap { $0["qdev"]?.stringValue }
        #expect(paths.count == 5)
        for path in paths { #expect(client.result("qom-list", ["path": .string(path)])?.arrayValue != nil, "\(path)") }
    }

    @Test("Properties have the values they were given, or their defaults, or -global's")
    func values() {
        func get(_ path: String, _ property: String) -> JSON? {
            client.result("qom-get", ["path": .string(path), "property": .string(property)])
        }
        #expect(get("/machine/peripheral/disk", "num-queues") == 2)
        #expect(get("/machine/peripheral/disk", "drive") == "n")
        #expect(get("/machine/peripheral/disk", "event_idx") == true)
        #expect(get("/machine/peripheral-anon/device[0]", "max-bytes") == 1024)
        #expect(get("/objects/r", "filename") == "/dev/zero")
        #expect(get("/machine", "type") == "pc-q35-7.2-machine")
        #expect(get("/machine", "peripheral") == "/machine/peripheral")
    }

    @Test("An object that is not there is DeviceNotFound, a property that is not there GenericError")
    func classes() {
        #expect(client.failure("qom-list", ["path": "/machine/peripheral/nobody"])?.errorClass == "DeviceNotFound")
        #expect(client.failure("qom-list", ["path": "peripheral"])?.errorClass == "DeviceNotFound")
        #expect(client.failure("qom-get", ["path": "/nowhere", "property": "type"])?.errorClass == "DeviceNotFound")
        let missing = client.failure("qom-get", ["path": "/machine/unattached/device[0]", "property": "migratable"])
        #expect(missing?.errorClass == "GenericError")
        #expect(missing?.text == "Property 'host-x86_64-cpu.migratable' not found")
        // libvirt does not survive an error here.
        #expect(client.result("qom-list-properties", ["typename": "memory-backend-nowhere"]) == [])
        let listed = client.result("qom-list-properties", ["typename": "rng-random"])?.arrayValue ?? []
        #expect(listed.compactMap { $0["name"] } == ["filename"])
    }

    @Test("query-chardev names every stream, who has it, and the pty to open")
    func characters() {
        let streams = client.result("query-chardev")?.arrayValue ?? []
        #expect(streams.compactMap { $0["label"] } == ["spare", "serial0"])
        #expect(streams.compactMap { $0["frontend-open"] } == [false, true])
        #expect(streams.first?["filename"] == "null")
        #expect(streams.last?["filename"]?.stringValue?.hasPrefix("pty:/dev/pts/") == true)
    }

    @Test(
        "What there is none of is an empty list",
        arguments: [
            "query-migrate-capabilities", "query-tpm", "query-tpm-models", "query-tpm-types", "query-jobs",
            "query-block-jobs",
        ])
    func absent(_ command: String) {
        #expect(client.result(command) == [])
    }

    @Test("query-command-line-options lists options with their parameters, or one of them")
    func options() throws {
        let all = try #require(client.result("query-command-line-options")?.arrayValue)
        let machine = try #require(all.first { $0["option"] == "machine" })
        #expect(machine["parameters"]?.arrayValue?.contains { $0["name"] == "hpet" } == true)
        // Listing it would make libvirt confine every machine, which Apus cannot do yet.
        #expect(!all.contains { $0["option"] == "sandbox" })
        let smp = try #require(client.result("query-command-line-options", ["option": "smp-opts"])?.arrayValue)
        #expect(smp.count == 1)
        #expect(
            smp[0]["parameters"]?.arrayValue?.contains { $0["name"] == "threads" && $0["type"] == "number" } == true)
        #expect(client.failure("query-command-line-options", ["option": "warp"])?.errorClass == "GenericError")
    }
}
