extension [UInt8] {
    /// Appends the bytes of `value`, the least significant first, as everything in ACPI has them.
    mutating func append(littleEndian value: some FixedWidthInteger) {
        for index in 0..<value.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: value >> (8 * index)))
        }
    }

    /// Writes the low `width` bytes of `value` over those from `offset` on.
    mutating func replace(at offset: Int, width: Int, with value: UInt64) {
        for index in 0..<width {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }
}
