/// A boot structure under construction: bytes of a fixed size, all zero until something is put there.
///
/// Offsets are constants of the specifications, never guest data.
struct BootStructure {
    private(set) var bytes: [UInt8]

    init(size: Int) { bytes = [UInt8](repeating: 0, count: size) }

    /// Stores `value` in little-endian order.
    mutating func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        var rest = value
        for index in 0..<MemoryLayout<Value>.size {
            bytes[offset + index] = UInt8(truncatingIfNeeded: rest)
            rest >>= 8
        }
    }

    mutating func put(_ values: ArraySlice<UInt8>, at offset: Int) {
        bytes.replaceSubrange(offset..<offset + values.count, with: values)
    }
}
