/// How far each NUMA node is from each.
///
/// ACPI 6.4 §5.2.17.
package struct SLIT: Sendable {
    /// One row for each node, each with one distance for each node.
    package var distances: [[UInt8]]

    package init(distances: [[UInt8]]) {
        self.distances = distances
    }

    package var table: Table {
        var body: [UInt8] = []
        body.append(littleEndian: UInt64(distances.count))
        body += distances.flatMap { $0 }
        return Table("SLIT", revision: 1, body: body)
    }
}
