import CLinux
import Hypervisor
@testable import KVM
import Testing

@Suite("CPUID of a guest") struct CPUIDTests {
    private func entry(_ function: UInt32, _ index: UInt32 = 0, _ values: [UInt32]) -> kvm_cpuid_entry2 {
        kvm_cpuid_entry2(
            function: function, index: index, flags: 0, eax: values[0], ebx: values[1], ecx: values[2], edx: values[3],
            padding: (0, 0, 0))
    }

    private func host(vendor: UInt32) -> [kvm_cpuid_entry2] {
        [
            entry(0, 0, [0x1f, vendor, 0, 0]),
            entry(1, 0, [0xb00f21, 0x5502_0800, 1 << 27, 0]),
            entry(3, 0, [0, 0, 0, 0]),
            entry(4, 0, [0x121, 0, 0, 0]),
            entry(4, 3, [0x163, 0, 0, 0]),
            entry(0xb, 0, [1, 2, 3, 4]),
            entry(0x8000_0001, 0, [0, 0, 1 << 22, 0]),
            entry(0x8000_0008, 0, [0x3030, 0, 0x7001, 0]),
            entry(0x8000_001d, 3, [0x163, 0, 0, 0]),
            entry(0x4000_0000, 0, [0x4000_0001, 0x4b4d_564b, 0, 0]),
        ]
    }

    private func table(_ vendor: UInt32, _ topology: CPUTopology, tscKHz: UInt32 = 0) -> CPUIDTable {
        CPUIDTable(
            supported: host(vendor: vendor), topology: topology,
            host: CPUIDTable.Host(tscKHz: tscKHz, hasDeadlineTimer: true))
    }

    private let intel: UInt32 = 0x756e_6547
    private let amd: UInt32 = 0x6874_7541

    @Test("APIC identifiers follow the topology, holes included") func identifiers() throws {
        let topology = try #require(CPUTopology(sockets: 2, cores: 3, threads: 2))
        #expect((0..<12).map { topology.apicID(of: $0) } == [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13])
        #expect((0..<7).map { CPUTopology(cores: 7).apicID(of: $0) } == [0, 1, 2, 3, 4, 5, 6])
        let dies = try #require(CPUTopology(sockets: 1, dies: 2, cores: 2, threads: 1))
        let place = dies.position(of: 3)
        #expect([place.socket, place.die, place.core, place.thread] == [0, 1, 1, 0])
        #expect(CPUTopology(sockets: 0, cores: 1, threads: 1) == nil)
    }

    @Test("Leaf 1 says which processor it is, and that there is a hypervisor") func leafOne() throws {
        let topology = try #require(CPUTopology(sockets: 2, cores: 2, threads: 2))
        let leaf = try #require(table(intel, topology).entries(for: 5).first { $0.function == 1 })
        #expect(leaf.ebx == 5 << 24 | 4 << 16 | 0x0800)
        #expect(leaf.ecx == 1 << 31 | 1 << 24 | 1 << 21)
        #expect(leaf.edx == 1 << 28)
        let alone = try #require(table(intel, CPUTopology(cores: 1)).entries(for: 0).first { $0.function == 1 })
        #expect(alone.edx == 0)
    }

    @Test("Extended topology lists threads, cores and dies, each with the processor's identifier")
    func levels() throws {
        let topology = try #require(CPUTopology(sockets: 1, dies: 2, cores: 2, threads: 2))
        let entries = table(intel, topology).entries(for: 6)
        let old = entries.filter { $0.function == 0xb }
        #expect(old.map(\.eax) == [1, 3, 0])
        #expect(old.map(\.ebx) == [2, 8, 0])
        #expect(old.map(\.ecx) == [0x100, 0x201, 2])
        let new = entries.filter { $0.function == 0x1f }
        #expect(new.map(\.eax) == [1, 2, 3, 0])
        #expect(new.map(\.ebx) == [2, 4, 8, 0])
        #expect(new.map(\.ecx) == [0x100, 0x201, 0x502, 3])
        #expect((old + new).allSatisfy { $0.edx == 6 })
    }

    @Test("Intel's caches are shared by the threads of a core, and the last level by a die") func intelCaches() throws {
        let topology = try #require(CPUTopology(sockets: 1, cores: 3, threads: 2))
        let caches = table(intel, topology).entries(for: 0).filter { $0.function == 4 }
        #expect(caches.map { $0.eax >> 14 & 0xfff } == [1, 7])
        #expect(caches.map { $0.eax >> 26 } == [3, 3])
        #expect(caches.map { $0.eax & 0x3fff } == [0x121, 0x163])
    }

    @Test("AMD's leaves count cores and say where the processor is") func amdLeaves() throws {
        let topology = try #require(CPUTopology(sockets: 2, dies: 1, cores: 3, threads: 2))
        let entries = table(amd, topology).entries(for: 9)
        let size = try #require(entries.first { $0.function == 0x8000_0008 })
        #expect(size.ecx == 5 | 3 << 12)
        #expect(size.eax == 0x3030)
        let place = try #require(entries.first { $0.function == 0x8000_001e })
        #expect(place.eax == 11)
        #expect(place.ebx == 1 | 1 << 8)
        #expect(place.ecx == 1)
        let cache = try #require(entries.first { $0.function == 0x8000_001d })
        #expect(cache.eax >> 14 == 5)
        #expect(try #require(entries.first { $0.function == 0x8000_0001 }).ecx == 1 << 22 | 2)
    }

    @Test("AMD's nodes are the dies") func amdNodes() throws {
        let topology = try #require(CPUTopology(sockets: 2, dies: 2, cores: 2, threads: 2))
        let place = try #require(table(amd, topology).entries(for: 14).first { $0.function == 0x8000_001e })
        // Core 3 of its socket, two threads each; node 3 of two per socket.
        #expect([place.eax, place.ebx, place.ecx] == [14, 3 | 1 << 8, 3 | 1 << 8])
    }

    @Test("The timing leaf is there when the frequency is known, and announced") func timing() throws {
        let entries = table(amd, CPUTopology(cores: 1), tscKHz: 2_600_000).entries(for: 0)
        #expect(try #require(entries.first { $0.function == 0x4000_0010 }).eax == 2_600_000)
        #expect(try #require(entries.first { $0.function == 0x4000_0000 }).eax == 0x4000_0010)
        #expect(!table(amd, CPUTopology(cores: 1)).entries(for: 0).contains { $0.function == 0x4000_0010 })
    }

    @Test("Empty leaves are left out") func empty() {
        #expect(!table(intel, CPUTopology(cores: 1)).entries(for: 0).contains { $0.function == 3 })
    }
}
