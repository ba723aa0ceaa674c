internal import Bus

/// The bytes of one function's configuration space, and what a guest may do to each bit of them.
///
/// 256 bytes, or 4096 where there are extended capabilities. A value: it lives in its slot's `Mutex`.
struct ConfigurationSpace: Sendable {
    private var bytes: [UInt8]
    /// The state after power-on. Shares storage with `bytes` until the first write.
    private var initial: [UInt8]
    /// Bits that store what a guest writes, and bits that it clears by writing one. All others are read-only.
    private var writable: [UInt8]
    private var clearable: [UInt8]

    /// - Parameter count: 256 or 4096.
    init(count: Int) {
        bytes = [UInt8](repeating: 0, count: count)
        initial = bytes
        writable = bytes
        clearable = bytes
    }

    var count: Int { bytes.count }

    // MARK: Description

    /// Lays down a register: its value after power-on and who may write it. Bytes past the end are dropped.
    mutating func define(_ offset: Int, _ value: [UInt8], writable: [UInt8] = [], clearable: [UInt8] = []) {
        for index in value.indices where bytes.indices.contains(offset + index) {
            bytes[offset + index] = value[index]
            initial[offset + index] = value[index]
            self.writable[offset + index] = index < writable.count ? writable[index] : 0
            self.clearable[offset + index] = index < clearable.count ? clearable[index] : 0
        }
    }

    mutating func define<Value: FixedWidthInteger>(
        _ offset: Int, _ value: Value, writable: Value = 0, clearable: Value = 0
    ) {
        define(
            offset, littleEndianBytes(value), writable: littleEndianBytes(writable),
            clearable: littleEndianBytes(clearable))
    }

    // MARK: Access

    /// The value at `offset`; bytes past the end read as zero.
    func read(_ offset: Int, _ width: AccessWidth) -> UInt32 {
        var value: UInt32 = 0
        for index in 0..<min(4, Int(width.rawValue)) where bytes.indices.contains(offset + index) {
            value |= UInt32(bytes[offset + index]) << UInt32(index * 8)
        }
        return value
    }

    func word(_ offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: read(offset, .two)) }

    /// A guest's write: read-only bits stay.
    mutating func write(_ value: UInt32, _ offset: Int, _ width: AccessWidth) {
        for index in 0..<min(4, Int(width.rawValue)) where bytes.indices.contains(offset + index) {
            let byte = UInt8(truncatingIfNeeded: value >> UInt32(index * 8))
            let at = offset + index
            let kept = bytes[at] & ~writable[at]
            bytes[at] = (kept | byte & writable[at]) & ~(byte & clearable[at])
        }
    }

    /// The device's own write: nothing is read-only to it.
    mutating func set(_ value: UInt32, _ offset: Int, _ width: AccessWidth) {
        for index in 0..<min(4, Int(width.rawValue)) where bytes.indices.contains(offset + index) {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8))
        }
    }

    mutating func reset() { bytes = initial }
}
