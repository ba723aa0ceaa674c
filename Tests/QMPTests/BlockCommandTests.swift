import JSON
import QMP
import Support
import Testing

@Suite("Disks through the monitor")
struct BlockCommandTests {
    /// A machine with a disk on `file` below a raw node, as libvirt has it, and a client.
    private func build(
        _ file: TemporaryFile, storage: String = "", format: String = "", device: String = ""
    ) throws -> (MachineUnderTest, QMPTestClient, MachineDisk) {
        let machine = try MachineUnderTest(
            """
            -m 64 -blockdev file,node-name=storage,filename=\(file.path)\(storage) \
            -blockdev raw,node-name=format,file=storage\(format) \
            -device virtio-blk-pci,id=vda,drive=format\(device)
            """)
        let disk = MachineDisk(machine, try #require(machine.virtio(slot: 1)))
        return (machine, QMPTestClient(Monitor(machine.machine)), disk)
    }

    @Test("query-blockstats counts what a guest does, by device and by node")
    func statistics() throws {
        let (_, client, disk) = try build(TemporaryFile(size: 65536))
        var entry = try #require(client.result("query-blockstats")?.arrayValue?.first)
        #expect(entry["device"] == "" && entry["qdev"] == "/machine/peripheral/vda/virtio-backend")
        #expect(entry["node-name"] == "format" && entry["parent"]?["node-name"] == "storage")
        #expect(entry["stats"]?["rd_operations"] == 0 && entry["stats"]?["idle_time_ns"] == nil)

        #expect(disk.read(sector: 0, count: 4096) != nil)
        #expect(disk.read(sector: 8, count: 512) != nil)
        #expect(disk.write([UInt8](repeating: 1, count: 1024), sector: 16))
        #expect(disk.flush())
        #expect(disk.read(sector: 128, count: 512) == nil)
        entry = try #require(client.result("query-blockstats")?.arrayValue?.first)
        let expected: [(String, JSON)] = [
            ("rd_operations", 2), ("rd_bytes", 4608), ("wr_operations", 1), ("wr_bytes", 1024), ("flush_operations", 1),
            ("wr_highest_offset", 9216), ("invalid_rd_operations", 1), ("failed_rd_operations", 0), ("rd_merged", 0),
        ]
        for (name, value) in expected { #expect(entry["stats"]?[name] == value, "\(name)") }
        #expect((entry["stats"]?["rd_total_time_ns"]?.integerValue ?? 0) > 0)
        #expect(entry["stats"]?["idle_time_ns"] != nil)

        let nodes = try #require(client.result("query-blockstats", ["query-nodes": true])?.arrayValue)
        #expect(nodes.map { $0["node-name"] } == ["storage", "format"])
        for node in nodes {
            #expect(node["stats"]?["rd_bytes"] == 4608)
            #expect(node["device"] == nil && node["qdev"] == nil)
        }
    }

    @Test("Writes of zeros and discards are counted as what they are")
    func rangeStatistics() throws {
        let (_, client, disk) = try build(TemporaryFile(size: 1 << 20))
        #expect(disk.range(type: 13, sector: 8, sectors: 16))
        #expect(disk.range(type: 11, sector: 0, sectors: 32))
        let stats = try #require(client.result("query-blockstats")?.arrayValue?.first?["stats"])
        #expect(stats["wr_bytes"] == 8192 && stats["wr_operations"] == 1 && stats["wr_highest_offset"] == 12288)
        #expect(stats["unmap_bytes"] == 16384 && stats["unmap_operations"] == 1)
    }

    @Test("query-named-block-nodes lists every node of -blockdev, with and without flat")
    func nodes() throws {
        let file = TemporaryFile(size: 65536)
        let (_, client, _) = try build(file, storage: ",discard=unmap", format: ",detect-zeroes=unmap,discard=unmap")
        for arguments: JSON? in [nil, ["flat": true], ["flat": false]] {
            let nodes = try #require(client.result("query-named-block-nodes", arguments)?.arrayValue)
            #expect(nodes.map { $0["node-name"] } == ["storage", "format"])
            #expect(nodes.map { $0["drv"] } == ["file", "raw"])
            #expect(nodes.map { $0["detect_zeroes"] } == ["off", "unmap"])
            for node in nodes {
                #expect(node["image"]?["virtual-size"] == 65536)
                #expect(node["image"]?["actual-size"] == 0)
                #expect(node["file"]?.stringValue == file.path)
            }
        }
    }

    @Test("block_resize changes the file, the guest's capacity, and interrupts the guest", arguments: [131072, 32768])
    func resize(_ size: Int) throws {
        let file = TemporaryFile(size: 65536)
        let (_, client, disk) = try build(file)
        _ = disk.transport.takeInterrupts()
        let generation = disk.transport.generation
        #expect(client.result("block_resize", ["node-name": "format", "size": JSON(size)]) == [:])
        #expect(file.size == size && disk.size == UInt64(size))
        #expect(disk.transport.takeInterrupts() & 2 == 2)
        #expect(disk.transport.generation != generation)
        #expect(disk.read(sector: UInt64(size / 512) - 1, count: 512) != nil)
        #expect(disk.read(sector: UInt64(size / 512), count: 512) == nil)
        let image = client.result("query-block")?.arrayValue?.first?["inserted"]?["image"]
        #expect(image?["virtual-size"] == JSON(size))
    }

    /// What libvirt sends before it lets a guest run.
    private static let unlimited: JSONObject = [
        "bps": 0, "bps_rd": 0, "bps_wr": 0, "iops": 0, "iops_rd": 0, "iops_wr": 0,
    ]

    @Test(
        "block_set_io_throttle sets what query-block shows, by any name of the device",
        arguments: ["/machine/peripheral/vda/virtio-backend", "/machine/peripheral/vda", "vda"])
    func throttle(_ name: String) throws {
        let (_, client, disk) = try build(TemporaryFile(size: 65536))
        var arguments = Self.unlimited
        arguments["id"] = .string(name)
        arguments["iops"] = 1000
        arguments["iops_max"] = 2000
        arguments["iops_max_length"] = 3
        arguments["bps_wr"] = 1_048_576
        #expect(client.result("block_set_io_throttle", .object(arguments)) == [:])
        var inserted = try #require(client.result("query-block")?.arrayValue?.first?["inserted"])
        let expected: [(String, JSON?)] = [
            ("iops", 1000), ("iops_max", 2000), ("iops_max_length", 3), ("bps_wr", 1_048_576), ("bps", 0), ("bps_max", nil),
            ("group", "vda"),
        ]
        for (name, value) in expected { #expect(inserted[name] == value, "\(name)") }
        #expect(disk.write([UInt8](repeating: 1, count: 512), sector: 0))

        arguments = Self.unlimited
        arguments["id"] = .string(name)
        #expect(client.result("block_set_io_throttle", .object(arguments)) == [:])
        inserted = try #require(client.result("query-block")?.arrayValue?.first?["inserted"])
        #expect(inserted["iops"] == 0 && inserted["group"] == nil)
    }

    @Test("block_set_io_throttle refuses what contradicts itself, what lacks a rate, and devices that are not there")
    func throttleRefused() throws {
        let (_, client, _) = try build(TemporaryFile(size: 65536))
        var arguments = Self.unlimited
        arguments["id"] = "vdb"
        #expect(client.failure("block_set_io_throttle", .object(arguments))?.errorClass == "DeviceNotFound")
        arguments["id"] = "vda"
        arguments["bps"] = 5
        arguments["bps_rd"] = 5
        #expect(client.failure("block_set_io_throttle", .object(arguments))?.text.contains("exclude") == true)
        #expect(client.failure("block_set_io_throttle", ["id": "vda", "bps": 5])?.text.contains("bps_rd") == true)
        #expect(client.result("query-block")?.arrayValue?.first?["inserted"]?["bps"] == 0)
    }

    @Test("query-iothreads shows how long each looks for work before it sleeps")
    func polling() throws {
        let machine = try MachineUnderTest(
            "-m 64 -object iothread,id=a -object iothread,id=b,poll-max-ns=32768,poll-grow=3,poll-shrink=4")
        let client = QMPTestClient(Monitor(machine.machine))
        let threads = try #require(client.result("query-iothreads")?.arrayValue)
        #expect(threads.map { $0["poll-max-ns"] } == [0, 32768])
        #expect(threads.map { $0["poll-grow"] } == [0, 3] && threads.map { $0["poll-shrink"] } == [0, 4])
    }

    @Test("aio=io_uring serves a disk, or the host's refusal is said and another engine does")
    func ring() throws {
        let file = TemporaryFile(size: 65536)
        let machine = try MachineUnderTest(
            """
            -m 64 -object iothread,id=io,poll-max-ns=32768 -drive file=\(file.path),if=none,id=d,format=raw,aio=io_uring \
            -device virtio-blk-pci,drive=d,iothread=io
            """)
        let disk = MachineDisk(machine, try #require(machine.virtio(slot: 1)))
        let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        #expect(disk.write(bytes, sector: 8) && disk.flush())
        #expect(disk.read(sector: 8, count: 4096) == bytes)
        #expect(Array(file.bytes[4096..<8192]) == bytes)
        #expect(machine.logged.allSatisfy { $0.contains("refuses io_uring") })
    }

    @Test("block_resize of what is not there or cannot be is an error that says why")
    func resizeRefused() throws {
        let (_, client, disk) = try build(TemporaryFile(size: 65536), format: ",size=32768")
        #expect(
            client.failure("block_resize", ["node-name": "none", "size": 512])?.text
                == "Cannot find device='' nor node-name='none'")
        #expect(
            client.failure("block_resize", ["node-name": "format", "size": 512])?.text.contains("is fixed") == true)
        #expect(client.failure("block_resize", ["node-name": "format", "size": -1])?.errorClass == "GenericError")
        #expect(disk.size == 32768)
    }
}
