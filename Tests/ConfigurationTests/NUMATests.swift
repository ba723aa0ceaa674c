import Configuration
import Testing

@Suite("-numa in values")
struct NUMATests {
    private func configuration(_ arguments: Properties...) throws(ConfigurationError) -> NUMAConfiguration {
        var result = NUMAConfiguration()
        for properties in arguments { try result.add(properties) }
        return result
    }

    @Test("Nodes, distances and places keep what was said")
    func forms() throws {
        let result = try configuration(
            ["type": "node", "nodeid": "1", "cpus": "0-1:4-5", "memdev": "ram1"], ["type": "node", "mem": "512"],
            ["type": "node", "cpus": .list(["2", "6-7"]), "mem": "1G"],
            ["type": "dist", "src": "0", "dst": "1", "val": "21"],
            ["type": "cpu", "node-id": "1", "socket-id": "0", "thread-id": "1"])
        #expect(
            result.nodes == [
                .init(number: 1, processors: [0, 1, 4, 5], memory: .backend("ram1")),
                .init(memory: .size(512 << 20)), .init(processors: [2, 6, 7], memory: .size(1 << 30)),
            ])
        #expect(result.distances == [.init(from: 0, to: 1, 21)])
        #expect(result.places == [.init(node: 1, socket: 0, thread: 1)])
        #expect(!result.isEmpty && NUMAConfiguration().isEmpty)
    }

    static let sentences: [(Properties, String)] = [
        (["type": "nod"], "-numa: 'type' takes one of node, dist, cpu, not 'nod'."),
        ([:], "-numa needs the property 'type'."),
        (["type": "hmat-lb"], "-numa hmat-lb: this is not supported by Apus yet."),
        (["type": "node", "cpus": "3-1"], "-numa node: 'cpus' takes numbers from 0 to 4095 such as 0-3:8, not '3-1'."),
        (
            ["type": "node", "cpus": "1-2-3"],
            "-numa node: 'cpus' takes numbers from 0 to 4095 such as 0-3:8, not '1-2-3'."
        ),
        (["type": "node", "cpus": ""], "-numa node: 'cpus' takes numbers from 0 to 4095 such as 0-3:8, not ''."),
        (
            ["type": "node", "cpus": "0-99999"],
            "-numa node: 'cpus' takes numbers from 0 to 4095 such as 0-3:8, not '0-99999'."
        ),
        (["type": "node", "nodeid": "128"], "-numa node: 'nodeid' takes a whole number from 0 to 127, not '128'."),
        (["type": "node", "mem": "1", "memdev": "a"], "-numa node: 'mem' and 'memdev' exclude each other."),
        (
            ["type": "node", "mem": "1.0001K"],
            "-numa node: 'mem' takes a size such as 512M or 2G, a multiple of 4K, not '1.0001K'."
        ),
        (["type": "node", "memdve": "a"], "-numa node has no property 'memdve'; did you mean 'memdev'?"),
        (["type": "dist", "src": "0", "dst": "1"], "-numa dist needs the property 'val'."),
        (
            ["type": "dist", "src": "0", "dst": "1", "val": "9"],
            "-numa dist: 'val' takes a whole number from 10 to 255, not '9'."
        ),
        (
            ["type": "dist", "src": "0", "dst": "1", "val": "256"],
            "-numa dist: 'val' takes a whole number from 10 to 255, not '256'."
        ),
        (["type": "cpu", "socket-id": "0"], "-numa cpu needs the property 'node-id'."),
    ]

    @Test("Each mistake has its sentence", arguments: sentences)
    func sentence(_ properties: Properties, _ sentence: String) {
        do throws(ConfigurationError) {
            _ = try configuration(properties)
            Issue.record("accepted")
        } catch {
            #expect(error.description == sentence)
        }
    }
}

@Suite("Memory backends in values")
struct MemoryBackendTests {
    private func read(_ kind: String, _ properties: Properties) throws(ConfigurationError)
        -> MemoryBackendConfiguration?
    {
        try MemoryBackendConfiguration(ObjectConfiguration(type: kind, identifier: "m", properties: properties))
    }

    @Test("An object that is no memory is left to others")
    func other() throws { #expect(try read("iothread", [:]) == nil) }

    @Test("What is not said has QEMU's defaults")
    func defaults() throws {
        let ram = try #require(try read("memory-backend-ram", ["size": 1_073_741_824]))
        #expect(ram == MemoryBackendConfiguration(.ram, identifier: "m", size: 1 << 30))
        #expect(
            !ram.isShared && ram.isReserved && !ram.isPreallocated && ram.isMergeable == nil && ram.policy == .default)
        let memfd = try #require(try read("memory-backend-memfd", ["size": "1G"]))
        #expect(memfd.isShared && memfd.isSealed && !memfd.usesHugePages)
    }

    @Test("Text and JSON mean the same")
    func forms() throws {
        let text = try read(
            "memory-backend-file",
            [
                "size": "512M", "mem-path": "/dev/hugepages", "share": "on", "prealloc": "on", "prealloc-threads": "4",
                "merge": "off", "dump": "off", "host-nodes": "0-1", "policy": "bind", "align": "2M",
                "discard-data": "on",
            ])
        let json = try read(
            "memory-backend-file",
            [
                "size": 536_870_912, "mem-path": "/dev/hugepages", "share": true, "prealloc": true,
                "prealloc-threads": 4,
                "merge": false, "dump": false, "host-nodes": .list([0, 1]), "policy": "bind", "align": 2_097_152,
                "discard-data": true,
            ])
        #expect(text == json)
        #expect(text?.hostNodes == [0, 1] && text?.policy == .bind && text?.preallocationThreads == 4)
        let memfd = try read(
            "memory-backend-memfd", ["size": "2M", "hugetlb": "on", "hugetlbsize": "2M", "seal": "off"])
        #expect(memfd?.hugePageSize == 2 << 20 && memfd?.isSealed == false)
        // StratoVirt's words.
        let other = try read("memory-backend-ram", ["size": "2M", "mem-prealloc": "on", "dump-guest-core": "off"])
        #expect(other?.isPreallocated == true && other?.isDumped == false)
    }

    static let sentences: [(String, Properties, String)] = [
        ("ram", [:], "-object memory-backend-ram,id=m needs the property 'size'."),
        ("ram", ["size": "5000"], "-object memory-backend-ram,id=m: 'size' takes a multiple of 4K, not '5000'."),
        ("ram", ["size": "1M", "hugetlb": "on"], "-object memory-backend-ram,id=m has no property 'hugetlb'."),
        ("ram", ["size": "1M", "policy": "bind"], "-object memory-backend-ram,id=m: policy=bind needs 'host-nodes'."),
        (
            "ram", ["size": "1M", "host-nodes": "0"],
            "-object memory-backend-ram,id=m: 'host-nodes' needs a 'policy' of preferred, bind or interleave."
        ),
        (
            "ram", ["size": "1M", "policy": "near", "host-nodes": "0"],
            "-object memory-backend-ram,id=m: 'policy' takes default, preferred, bind or interleave, not 'near'."
        ),
        (
            "ram", ["size": "1M", "prealloc": "on", "reserve": "off"],
            "-object memory-backend-ram,id=m: 'prealloc=on' and 'reserve=off' exclude each other."
        ),
        ("file", ["size": "1M"], "-object memory-backend-file,id=m needs the property 'mem-path'."),
        (
            "file", ["size": "1M", "mem-path": "/f", "align": "3M"],
            "-object memory-backend-file,id=m: 'align' takes a power of two, not '3M'."
        ),
        (
            "file", ["size": "1M", "mem-path": "/f", "pmem": "on"],
            "-object memory-backend-file,id=m: 'pmem=on' is not supported by Apus yet."
        ),
        (
            "memfd", ["size": "2M", "hugetlbsize": "2M"],
            "-object memory-backend-memfd,id=m: 'hugetlbsize' needs 'hugetlb=on'."
        ),
        (
            "memfd", ["size": "2M", "hugetlb": "on", "hugetlbsize": "3M"],
            "-object memory-backend-memfd,id=m: 'hugetlbsize' takes a power of two such as 2M or 1G, not '3M'."
        ),
    ]

    @Test("Each mistake has its sentence", arguments: sentences)
    func sentence(_ kind: String, _ properties: Properties, _ sentence: String) {
        do throws(ConfigurationError) {
            _ = try read("memory-backend-\(kind)", properties)
            Issue.record("accepted")
        } catch {
            #expect(error.description == sentence)
        }
    }
}
