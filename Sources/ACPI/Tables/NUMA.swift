/// The nodes of a machine whose memory is not equally near to every processor.
///
/// ACPI 6.4 §5.2.16 and §5.2.17.
package struct NUMA: Sendable, Equatable {
    /// Memory that belongs to a node.
    package struct Memory: Sendable, Equatable {
        package var node: UInt32
        package var address: UInt64
        package var length: UInt64
        package var isHotPluggable: Bool

        package init(node: UInt32, address: UInt64, length: UInt64, isHotPluggable: Bool = false) {
            self.node = node
            self.address = address
            self.length = length
            self.isHotPluggable = isHotPluggable
        }
    }

    package var memory: [Memory]
    /// The distance from each node to each: 10 from a node to itself, 255 if there is no way. Empty if unknown.
    package var distances: [[UInt8]]

    package init(memory: [Memory], distances: [[UInt8]] = []) {
        self.memory = memory
        self.distances = distances
    }
}
