internal import Configuration
internal import Hypervisor
internal import Memory

/// The guest's NUMA nodes: which processors and which memory belong to each, and how far they are apart.
///
/// Made from `-numa` and checked as QEMU checks, with one rule more: either all processors have a node, or none is given
/// one, and then the sockets are dealt out in turn.
struct NUMATopology: Sendable, Equatable {
    struct Node: Sendable, Equatable {
        let memory: NUMAConfiguration.Node.Memory?
        /// Bytes of it; known of `memdev` once the backend is.
        var size: UInt64
        /// Where it lies.
        var ranges: [GuestRange] = []
    }

    /// By their numbers, which have no gap.
    private(set) var nodes: [Node]
    /// The node of each processor, plugged ones included.
    let nodeOfProcessor: [Int]
    /// A row for each node; empty if nothing was said of distances.
    let distances: [[UInt8]]

    /// Nil where there is no `-numa`.
    init?(_ configuration: MachineConfiguration, _ grouping: CPUTopology) throws(MachineError) {
        let numa = configuration.memory.numa
        if numa.isEmpty { return nil }
        let given = try NUMATopology.numbered(numa.nodes)
        nodes = given.map { node in
            if case .size(let bytes)? = node.memory {
                Node(memory: node.memory, size: bytes)
            } else {
                Node(memory: node.memory, size: 0)
            }
        }
        nodeOfProcessor = try NUMATopology.processors(given, numa.places, configuration.topology, grouping)
        distances = try NUMADistances(numa.distances, nodes: given.count).matrix
        try checkMemory(configuration.memory.size)
    }

    /// The nodes in the order of their numbers; those without one get the next that is free.
    private static func numbered(
        _ given: [NUMAConfiguration.Node]
    ) throws(MachineError) -> [NUMAConfiguration.Node] {
        guard !given.isEmpty else {
            throw .part(option: "-numa", reason: "There is no node; -numa node declares one.")
        }
        guard given.count <= NUMAConfiguration.nodeLimit else {
            throw .part(
                option: "-numa node", reason: "There can be \(NUMAConfiguration.nodeLimit) nodes, not \(given.count).")
        }
        var places: [Int: NUMAConfiguration.Node] = [:]
        for node in given {
            let number = node.number ?? (0...given.count).first { places[$0] == nil } ?? 0
            guard places.updateValue(node, forKey: number) == nil else {
                throw .part(option: "-numa node,nodeid=\(number)", reason: "There is more than one node \(number).")
            }
        }
        var result: [NUMAConfiguration.Node] = []
        for number in 0..<given.count {
            guard let node = places[number] else {
                let highest = places.keys.max() ?? 0
                throw .part(
                    option: "-numa node",
                    reason: "Node \(number) is missing below node \(highest); numbers have no gap.")
            }
            result.append(node)
        }
        return result
    }

    /// Which node each processor belongs to.
    private static func processors(
        _ nodes: [NUMAConfiguration.Node], _ places: [NUMAConfiguration.Place], _ topology: TopologyConfiguration,
        _ grouping: CPUTopology
    ) throws(MachineError) -> [Int] {
        var owners = [Int?](repeating: nil, count: topology.maximum)
        func give(_ processor: Int, to node: Int, _ option: String) throws(MachineError) {
            guard owners.indices.contains(processor) else {
                throw .part(
                    option: option, reason: "There is no processor \(processor); -smp makes \(owners.count), from 0 on."
                )
            }
            if let owner = owners[processor], owner != node {
                throw .part(option: option, reason: "Processor \(processor) belongs to node \(owner) already.")
            }
            owners[processor] = node
        }
        for (number, node) in nodes.enumerated() {
            for processor in node.processors { try give(processor, to: number, "-numa node,nodeid=\(number),cpus=") }
        }
        for place in places {
            let option = "-numa cpu,node-id=\(place.node)"
            guard nodes.indices.contains(place.node) else {
                throw .part(option: option, reason: "There is no node \(place.node); -numa node declares one.")
            }
            let processors = owners.indices.filter { place.holds(grouping.position(of: $0)) }
            guard !processors.isEmpty else {
                throw .part(option: option, reason: "-smp has no processor at this place.")
            }
            for processor in processors { try give(processor, to: place.node, option) }
        }
        let missing = owners.indices.filter { owners[$0] == nil }
        if missing.count == owners.count {
            return owners.indices.map { grouping.position(of: $0).socket % nodes.count }
        }
        guard missing.isEmpty else {
            let some = missing.prefix(8).map { String($0) }.joined(separator: ", ") + (missing.count > 8 ? ", …" : "")
            throw .part(
                option: "-numa", reason: "Every processor must have a node, or none; these have none: \(some).")
        }
        return owners.map { $0 ?? 0 }
    }

    /// All nodes say their memory in the same way, and it is all there is.
    private func checkMemory(_ size: UInt64) throws(MachineError) {
        var hasBackends = false
        var hasSizes = false
        for node in nodes {
            switch node.memory {
            case .backend?: hasBackends = true
            case .size?: hasSizes = true
            case nil: break
            }
        }
        guard !(hasBackends && hasSizes) else {
            throw .part(
                option: "-numa node", reason: "Either all nodes say their memory with 'memdev' or all with 'mem'.")
        }
        guard hasBackends || hasSizes else {
            throw .part(option: "-numa node", reason: "No node has memory; memdev=ID or mem=SIZE gives it some.")
        }
        guard hasSizes else { return }
        let (total, overflow) = nodes.reduce((UInt64(0), false)) { sum, node in
            let (next, overflow) = sum.0.addingReportingOverflow(node.size)
            return (next, sum.1 || overflow)
        }
        guard !overflow, total == size else {
            throw .part(
                option: "-numa node",
                reason: "The nodes' memory is \(NumberText.sized(total)) in all, and -m asks for "
                    + "\(NumberText.sized(size)); they must be equal.")
        }
    }

    /// The nodes' memory backends in the nodes' order; nil if the nodes share the machine's RAM.
    mutating func backends(among all: [MemoryBackend]) throws(MachineError) -> [MemoryBackend]? {
        var result: [MemoryBackend] = []
        for number in nodes.indices {
            guard case .backend(let name)? = nodes[number].memory else { continue }
            let option = "-numa node,nodeid=\(number),memdev="
            let backend = try all.named(name, for: option)
            guard !result.contains(where: { $0.identifier == name }) else {
                throw .part(option: option, reason: "The memory backend '\(name)' is another node's already.")
            }
            nodes[number].size = backend.configuration.size
            result.append(backend)
        }
        return result.isEmpty ? nil : result
    }

    /// Finds out where each node's memory lies: RAM is dealt out in the order of the nodes.
    mutating func place(_ layout: RAMLayout) {
        var begin: UInt64 = 0
        for number in nodes.indices {
            nodes[number].ranges = layout.parts(from: begin, count: nodes[number].size).map(\.range)
            begin += nodes[number].size
        }
    }
}

extension NUMAConfiguration.Place {
    fileprivate func holds(_ position: CPUTopology.Position) -> Bool {
        (socket ?? position.socket) == position.socket && (die ?? position.die) == position.die
            && (core ?? position.core) == position.core && (thread ?? position.thread) == position.thread
    }
}
