import Configuration
import Hypervisor
import Memory
import Support
import Testing

@testable import Machine

@Suite("A guest's NUMA nodes are those of the command line")
struct NUMATests {
    /// What an SRAT says: the node of each APIC identifier, and each piece of memory.
    struct Affinity: Equatable {
        struct Piece: Equatable {
            let node: UInt32
            let start: UInt64
            let count: UInt64
        }

        var processors: [UInt32] = []
        var memory: [Piece] = []

        init(_ table: [UInt8]) {
            func number<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Value {
                (0..<MemoryLayout<Value>.size).reversed().reduce(Value(0)) { $0 << 8 | Value(table[offset + $1]) }
            }
            var offset = 48
            while offset + 1 < table.count, table[offset + 1] > 0 {
                if table[offset] == 0 { processors.append(UInt32(table[offset + 2])) }
                if table[offset] == 1 {
                    memory.append(
                        Piece(
                            node: number(offset + 2, as: UInt32.self), start: number(offset + 8, as: UInt64.self),
                            count: number(offset + 16, as: UInt64.self)))
                }
                offset += Int(table[offset + 1])
            }
        }
    }

    static func affinity(_ machine: MachineUnderTest) throws -> Affinity {
        Affinity(try #require(MachineTables(machine.guest)?.table("SRAT")).bytes)
    }

    static let two = "-numa node,nodeid=0,cpus=0-1,memdev=a -numa node,nodeid=1,cpus=2,cpus=3,memdev=b"
    static let backends = "-object memory-backend-ram,id=a,size=1G -object memory-backend-memfd,id=b,size=3G"

    @Test("SRAT has each node's processors and memory, on both sides of the hole", arguments: TestedBoard.allCases)
    func affinity(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest("-machine \(board.rawValue) -m 4G -smp 4 \(Self.backends) \(Self.two)")
        let affinity = try Self.affinity(machine)
        let low: UInt64 = board == .q35 ? 2 << 30 : 3 << 30
        #expect(affinity.processors == [0, 0, 1, 1])
        #expect(
            affinity.memory == [
                .init(node: 0, start: 0, count: 1 << 30), .init(node: 1, start: 1 << 30, count: low - (1 << 30)),
                .init(node: 1, start: 1 << 32, count: (4 << 30) - low),
            ])
        // Without distances there is no table of them.
        #expect(MachineTables(machine.guest)?.table("SLIT") == nil)
        let regions = machine.machine.memory.regions
        #expect(regions.map(\.offset) == [0, 0, low - (1 << 30)])
        #expect(regions.map { $0.fileDescriptor != nil } == [false, true, true])
        // The seam between the nodes' memory is no seam to the guest.
        machine.guest.writeq((1 << 30) - 8, 7)
        machine.guest.writeq(1 << 30, 8)
        #expect(machine.guest.readq((1 << 30) - 8) == 7 && machine.guest.readq(1 << 30) == 8)
    }

    @Test("Nodes may share the machine's RAM, and one may have none")
    func shares() throws {
        let machine = try MachineUnderTest(
            "-m 1G -smp 3 -numa node,mem=256,cpus=0 -numa node,cpus=1 -numa node,mem=768,cpus=2")
        let affinity = try Self.affinity(machine)
        #expect(affinity.processors == [0, 1, 2])
        #expect(
            affinity.memory == [
                .init(node: 0, start: 0, count: 256 << 20), .init(node: 2, start: 256 << 20, count: 768 << 20),
            ])
        #expect(machine.machine.memory.regions.count == 1)
    }

    @Test("Kata's one node has everything")
    func kata() throws {
        let machine = try MachineUnderTest(
            "-m 64M -smp 1,cores=1,threads=1,sockets=1 "
                + "-object memory-backend-file,id=dimm1,size=64M,mem-path=/dev/shm,share=on -numa node,memdev=dimm1")
        let affinity = try Self.affinity(machine)
        #expect(affinity.processors == [0])
        #expect(affinity.memory == [.init(node: 0, start: 0, count: 64 << 20)])
    }

    @Test("Processors go by the topology's places, or else socket by socket")
    func places() throws {
        let nodes = "-m 64 -smp 8,sockets=2,cores=2,threads=2 -numa node,mem=32 -numa node,mem=32"
        #expect(try Self.affinity(MachineUnderTest(nodes)).processors == [0, 0, 0, 0, 1, 1, 1, 1])
        let turned = "\(nodes) -numa cpu,node-id=1,socket-id=0 -numa cpu,node-id=0,socket-id=1"
        #expect(try Self.affinity(MachineUnderTest(turned)).processors == [1, 1, 1, 1, 0, 0, 0, 0])
        let threads = "\(nodes) -numa cpu,node-id=0,thread-id=0 -numa cpu,node-id=1,thread-id=1"
        #expect(try Self.affinity(MachineUnderTest(threads)).processors == [0, 1, 0, 1, 0, 1, 0, 1])
    }

    @Test("SLIT has each distance, and the way back where only one was said", arguments: TestedBoard.allCases)
    func distances(_ board: TestedBoard) throws {
        let nodes = "\(board.option) -smp 3 -numa node,mem=32,cpus=0 -numa node,mem=32,cpus=1 -numa node,cpus=2"
        let machine = try MachineUnderTest(
            "\(nodes) -numa dist,src=0,dst=1,val=21 -numa dist,src=2,dst=0,val=31 -numa dist,src=1,dst=2,val=255")
        let slit = try #require(MachineTables(machine.guest)?.table("SLIT")).bytes
        #expect(slit[36] == 3)
        #expect(Array(slit[44...]) == [10, 21, 31, 21, 10, 255, 31, 255, 10])
    }

    @Test("All ways are told where the way back differs")
    func asymmetric() throws {
        let matrix = try NUMADistances(
            [.init(from: 0, to: 1, 21), .init(from: 1, to: 0, 22), .init(from: 0, to: 0, 10)], nodes: 2
        ).matrix
        #expect(matrix == [[10, 21], [22, 10]])
    }

    private static let nodes = "-m 64 -smp 2 -numa node,mem=32 -numa node,mem=32"

    static let sentences: [(words: String, sentence: String)] = [
        ("-numa dist,src=0,dst=1,val=20", "-numa: There is no node; -numa node declares one."),
        ("-m 64 -numa node", "-numa node: No node has memory; memdev=ID or mem=SIZE gives it some."),
        (
            "-m 64 -numa node,mem=32 -numa node,mem=16",
            "-numa node: The nodes' memory is 48M in all, and -m asks for 64M; they must be equal."
        ),
        (
            "-m 64 -object memory-backend-ram,id=a,size=32M -numa node,memdev=a",
            "-numa node: The nodes' memory is 32M in all, and -m asks for 64M; they must be equal."
        ),
        (
            "-m 64 -object memory-backend-ram,id=a,size=32M -numa node,memdev=a -numa node,memdev=a",
            "-numa node,nodeid=1,memdev=: The memory backend 'a' is another node's already."
        ),
        (
            "-m 64 -object memory-backend-ram,id=a,size=32M -numa node,memdev=a -numa node,mem=32",
            "-numa node: Either all nodes say their memory with 'memdev' or all with 'mem'."
        ),
        (
            "-m 64 -numa node,memdev=a",
            "There is no memory backend 'a'; -numa node,nodeid=0,memdev= needs -object memory-backend-ram,id=a,size=…."
        ),
        (
            "-m 64 -object memory-backend-ram,id=a,size=64M -object memory-backend-ram,id=b,size=64M "
                + "-machine memory-backend=b -numa node,memdev=a",
            "-numa node: 'memdev' and -machine memory-backend= exclude each other."
        ),
        (
            "-m 64 -object memory-backend-ram,id=a,size=64M -mem-path /tmp -numa node,memdev=a",
            "-numa node: 'memdev' and -mem-path exclude each other."
        ),
        (
            "-m 64 -numa node,nodeid=0,mem=32 -numa node,nodeid=0,mem=32",
            "-numa node,nodeid=0: There is more than one node 0."
        ),
        (
            "-m 64 -numa node,nodeid=0,mem=32 -numa node,nodeid=2,mem=32",
            "-numa node: Node 1 is missing below node 2; numbers have no gap."
        ),
        (
            "-m 64 -smp 2 -numa node,mem=64,cpus=0-2",
            "-numa node,nodeid=0,cpus=: There is no processor 2; -smp makes 2, from 0 on."
        ),
        (
            "-m 64 -smp 2 -numa node,mem=64,cpus=0-1 -numa node,cpus=1",
            "-numa node,nodeid=1,cpus=: Processor 1 belongs to node 0 already."
        ),
        (
            "-m 64 -smp 4 -numa node,mem=64,cpus=1-2",
            "-numa: Every processor must have a node, or none; these have none: 0, 3."
        ),
        (
            "\(nodes) -numa cpu,node-id=2,socket-id=0",
            "-numa cpu,node-id=2: There is no node 2; -numa node declares one."
        ),
        ("\(nodes) -numa cpu,node-id=1,core-id=7", "-numa cpu,node-id=1: -smp has no processor at this place."),
        (
            "\(nodes) -numa dist,src=0,dst=2,val=20",
            "-numa dist,src=0,dst=2: There is no node 2; -numa node declares one."
        ),
        ("\(nodes) -numa dist,src=0,dst=0,val=20", "-numa dist,src=0,dst=0: The distance of a node to itself is 10."),
        (
            "\(nodes) -numa dist,src=0,dst=1,val=10",
            "-numa dist,src=0,dst=1: The distance to another node is 11 to 255."
        ),
        (
            "\(nodes) -numa node -numa dist,src=0,dst=1,val=20",
            "-numa dist: The distance between the nodes 0 and 2 is missing."
        ),
        (
            "\(nodes) -numa node -numa dist,src=0,dst=1,val=20 -numa dist,src=1,dst=0,val=21 -numa dist,src=0,dst=2,val=20 "
                + "-numa dist,src=1,dst=2,val=20",
            "-numa dist: Some distance differs from that of the way back, so all must be given; "
                + "the one from node 2 to node 0 is missing."
        ),
    ]

    @Test("What cannot be has its sentence", arguments: sentences)
    func sentence(_ words: String, _ sentence: String) { #expect(MachineUnderTest.refusal(words) == sentence) }

    @Test("RAM beyond the processor's addresses is refused with what would fit")
    func reach() throws {
        let layout = try #require(RAMLayout(size: 512 << 30, lowLimit: 2 << 30))
        try Accelerator.checkReach(layout, bits: 40)
        do throws(MachineError) {
            try Accelerator.checkReach(layout, bits: 39)
            Issue.record("accepted")
        } catch {
            #expect(
                error.description
                    == "-m: This host's processor has 39 bits of physical address, which are enough for 510G of memory here."
            )
        }
        // Exactly what fits.
        let most = try #require(RAMLayout(size: 510 << 30, lowLimit: 2 << 30))
        try Accelerator.checkReach(most, bits: 39)
    }
}
