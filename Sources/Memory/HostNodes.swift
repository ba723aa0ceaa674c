/// The host's NUMA nodes.
package struct HostNodes: Sendable {
    /// Ascending. A kernel without NUMA has node 0.
    package let numbers: [Int]

    package init() {
        let found = HostFile.names(in: "/sys/devices/system/node").compactMap { name in
            name.hasPrefix("node") ? Int(name.dropFirst(4)) : nil
        }
        numbers = found.isEmpty ? [0] : found.sorted()
    }

    /// Refuses nodes that the host does not have.
    func check(nodes: [Int]) throws(MemoryError) {
        for node in nodes where !numbers.contains(node) { throw .noSuchNode(node, present: numbers) }
    }
}
