internal import ACPI
internal import Configuration
internal import Hypervisor
internal import Memory

// The machine's nodes as the ACPI tables tell them (SRAT and SLIT).
extension Construction {
    /// Nil on a machine without `-numa`: all is one node then, and needs no table.
    var describedNodes: ACPI.NUMA? {
        guard let nodes else { return nil }
        let memory = nodes.nodes.enumerated().flatMap { number, node in
            node.ranges.map { ACPI.NUMA.Memory(node: UInt32(number), address: $0.start.rawValue, length: $0.count) }
        }
        return ACPI.NUMA(memory: memory, distances: nodes.distances)
    }

    /// The processors as ACPI names them.
    var describedProcessors: [ACPI.Processor] {
        (0..<configuration.topology.processors).map { index in
            ACPI.Processor(
                uid: UInt32(index), apicID: topology.apicID(of: index),
                proximityDomain: UInt32(nodes?.nodeOfProcessor[index] ?? 0))
        }
    }
}
