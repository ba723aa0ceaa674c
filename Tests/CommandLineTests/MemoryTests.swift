import Configuration
import Testing

@Suite("Memory on the command line")
struct MemoryTests {
    @Test("libvirt's repeated cpus= add up, in whatever order with -m")
    func numa() throws {
        let result = try machine(
            """
            -numa node,nodeid=0,cpus=0-1,cpus=4,memdev=ram-node0 -m 1G -mem-path /p
            -numa node,nodeid=1,cpus=2-3:5,memdev=ram-node1 -numa dist,src=0,dst=1,val=21 -mem-prealloc
            -numa cpu,node-id=0,socket-id=1
            """
        ).memory
        #expect(
            result.numa.nodes == [
                .init(number: 0, processors: [0, 1, 4], memory: .backend("ram-node0")),
                .init(number: 1, processors: [2, 3, 5], memory: .backend("ram-node1")),
            ])
        #expect(result.numa.distances == [.init(from: 0, to: 1, 21)])
        #expect(result.numa.places == [.init(node: 0, socket: 1)])
        #expect(result.size == 1 << 30 && result.path == "/p" && result.isPreallocated)
    }

    @Test(
        "The object that becomes the RAM gives the size that -m does not",
        arguments: [
            ("-machine memory-backend=m -object memory-backend-ram,id=m,size=96M", 96),
            (
                "-object '{\"qom-type\":\"memory-backend-ram\",\"id\":\"m\",\"size\":100663296}' -machine q35,memory-backend=m",
                96
            ),
            ("-machine memory-backend=m -object memory-backend-ram,id=m,size=96M -m 64", 64),
            ("-machine memory-backend=n -object memory-backend-ram,id=m,size=96M", 256),
            ("-object memory-backend-ram,id=m,size=96M", 256),
            ("-machine memory-backend=m -object memory-backend-ram,id=m,size=lots", 256),
            ("-machine memory-backend=m -object memory-backend-ram,id=m,size=1M", 256),
        ])
    func size(_ line: String, _ mebibytes: UInt64) throws { #expect(try machine(line).memory.size == mebibytes << 20) }
}
