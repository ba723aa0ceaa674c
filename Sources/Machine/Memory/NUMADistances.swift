internal import Configuration

/// The distance from each NUMA node to each, from the pairs that were given.
///
/// A node is 10 from itself and more from any other; 255 says that there is no way. What one direction says holds for
/// the other too, unless some pair differs in its two directions: then both directions of every pair must be given.
struct NUMADistances {
    /// Empty if no distance was given.
    let matrix: [[UInt8]]

    private static let near = 10

    init(_ given: [NUMAConfiguration.Distance], nodes: Int) throws(MachineError) {
        guard !given.isEmpty else {
            matrix = []
            return
        }
        var known = [[Int?]](repeating: [Int?](repeating: nil, count: nodes), count: nodes)
        for distance in given {
            let (source, destination) = (distance.source, distance.destination)
            let option = "-numa dist,src=\(source),dst=\(destination)"
            for node in [source, destination] where node >= nodes {
                throw .part(option: option, reason: "There is no node \(node); -numa node declares one.")
            }
            guard (source == destination) == (distance.value == NUMADistances.near) else {
                throw .part(
                    option: option,
                    reason: source == destination
                        ? "The distance of a node to itself is 10." : "The distance to another node is 11 to 255.")
            }
            known[source][destination] = distance.value
        }
        let pairs = (0..<nodes).flatMap { first in (first + 1..<max(first + 1, nodes)).map { (first, $0) } }
        let isAsymmetric = pairs.contains { first, second in
            guard let there = known[first][second], let back = known[second][first] else { return false }
            return there != back
        }
        for (first, second) in pairs {
            let there = known[first][second]
            let back = known[second][first]
            guard there != nil || back != nil else {
                throw .part(
                    option: "-numa dist", reason: "The distance between the nodes \(first) and \(second) is missing.")
            }
            guard !isAsymmetric || (there != nil && back != nil) else {
                let missing =
                    there == nil ? "from node \(first) to node \(second)" : "from node \(second) to node \(first)"
                throw .part(
                    option: "-numa dist",
                    reason: "Some distance differs from that of the way back, so all must be given; "
                        + "the one \(missing) is missing.")
            }
        }
        matrix = (0..<nodes).map { source in
            (0..<nodes).map { destination in
                let value = known[source][destination] ?? known[destination][source] ?? NUMADistances.near
                return UInt8(clamping: value)
            }
        }
    }
}
