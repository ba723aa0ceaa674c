package import Bus

/// A device's configuration space as bytes, little-endian as the specification has it (virtio 1.2 §2.5).
package struct ConfigurationBytes: Sendable, Equatable {
    package private(set) var bytes: [UInt8]

    package init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

    /// Sets a field; what does not fit is left out.
    package mutating func set<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        for index in 0..<Value.bitWidth / 8 where offset + index < bytes.count {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> Value(index * 8))
        }
    }

    /// A read of any width; all ones unless all of it is inside.
    package func read(_ access: Access) -> UInt64 {
        guard access.offset < UInt64(bytes.count), access.width.count <= UInt64(bytes.count) - access.offset else {
            return access.width.mask
        }
        var value: UInt64 = 0
        for index in 0..<access.width.count {
            value |= UInt64(bytes[Int(access.offset + index)]) << (index * 8)
        }
        return value
    }
}
