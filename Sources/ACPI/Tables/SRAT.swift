/// Which processors and which memory belong to which NUMA node.
///
/// ACPI 6.4 §5.2.16.
package struct SRAT: Sendable {
    package var processors: [Processor]
    package var memory: [NUMA.Memory]

    package init(processors: [Processor], memory: [NUMA.Memory]) {
        self.processors = processors
        self.memory = memory
    }

    package var table: Table {
        var body: [UInt8] = []
        body.append(littleEndian: UInt32(1))
        body += [UInt8](repeating: 0, count: 8)
        for processor in processors {
            body += Self.affinity(of: processor)
        }
        for range in memory {
            body += Self.affinity(of: range)
        }
        return Table("SRAT", revision: 3, body: body)
    }

    /// As in the MADT, ids beyond a byte need the x2APIC's entry.
    private static func affinity(of processor: Processor) -> [UInt8] {
        let domain = processor.proximityDomain
        var entry: [UInt8]
        if processor.needsX2APIC {
            entry = [2, 24, 0, 0]
            entry.append(littleEndian: domain)
            entry.append(littleEndian: processor.apicID)
            entry.append(littleEndian: UInt32(1))
            entry += [UInt8](repeating: 0, count: 8)
        } else {
            // The number of the node came to have four bytes, of which three stand apart.
            entry = [0, 16, UInt8(truncatingIfNeeded: domain), UInt8(truncatingIfNeeded: processor.apicID)]
            entry.append(littleEndian: UInt32(1))
            entry.append(0)
            entry += (1...3).map { UInt8(truncatingIfNeeded: domain >> (8 * $0)) }
            entry += [0, 0, 0, 0]
        }
        return entry
    }

    private static func affinity(of memory: NUMA.Memory) -> [UInt8] {
        var entry: [UInt8] = [1, 40]
        entry.append(littleEndian: memory.node)
        entry += [0, 0]
        entry.append(littleEndian: memory.address)
        entry.append(littleEndian: memory.length)
        entry += [0, 0, 0, 0]
        entry.append(littleEndian: UInt32(memory.isHotPluggable ? 0b11 : 0b01))
        entry += [UInt8](repeating: 0, count: 8)
        return entry
    }
}
