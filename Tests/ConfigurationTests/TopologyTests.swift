import Configuration
import Testing

@Suite("Topologies")
struct TopologyTests {
    private func levels(_ topology: TopologyConfiguration) -> [Int] {
        [topology.processors, topology.maximum, topology.sockets, topology.dies, topology.cores, topology.threads]
    }

    @Test("What is not said follows from what is")
    func filling() throws {
        #expect(levels(TopologyConfiguration()) == [1, 1, 1, 1, 1, 1])
        #expect(levels(try .resolve(processors: 4)) == [4, 4, 1, 1, 4, 1])
        #expect(levels(try .resolve(processors: 8, threads: 2)) == [8, 8, 1, 1, 4, 2])
        #expect(levels(try .resolve(processors: 8, cores: 2)) == [8, 8, 4, 1, 2, 1])
        #expect(levels(try .resolve(processors: 8, sockets: 2, cores: 2)) == [8, 8, 2, 1, 2, 2])
        #expect(levels(try .resolve(sockets: 2, dies: 2, cores: 2, threads: 2)) == [16, 16, 2, 2, 2, 2])
        #expect(levels(try .resolve(processors: 1, maximum: 8, sockets: 8)) == [1, 8, 8, 1, 1, 1])
    }

    @Test("Nonsense is refused", arguments: [0, -1, 4097, Int.max, Int.min])
    func refused(number: Int) {
        #expect(throws: ConfigurationError.self) { try TopologyConfiguration.resolve(processors: number) }
        #expect(throws: ConfigurationError.self) { try TopologyConfiguration.resolve(cores: number) }
    }

    @Test("A product beyond any machine is refused")
    func product() {
        #expect(throws: ConfigurationError.self) {
            try TopologyConfiguration.resolve(sockets: 4096, dies: 4096, cores: 4096, threads: 4096)
        }
    }
}
