/// Bytes of a file's header, read by offset; a read past their end is a `FirmwareError` that names the file.
struct HeaderBytes {
    let bytes: [UInt8]
    let file: String
    /// What these bytes are, for messages ("the setup header").
    let what: String
    /// Where in the file the bytes begin, for messages.
    let origin: UInt64

    init(_ bytes: [UInt8], of file: String, what: String, origin: UInt64 = 0) {
        self.bytes = bytes
        self.file = file
        self.what = what
        self.origin = origin
    }

    func u8(_ offset: Int) throws(FirmwareError) -> UInt8 { try load(offset) }
    func u16(_ offset: Int) throws(FirmwareError) -> UInt16 { try load(offset) }
    func u32(_ offset: Int) throws(FirmwareError) -> UInt32 { try load(offset) }
    func u64(_ offset: Int) throws(FirmwareError) -> UInt64 { try load(offset) }

    private func load<Value: FixedWidthInteger>(_ offset: Int) throws(FirmwareError) -> Value {
        let size = MemoryLayout<Value>.size
        guard offset >= 0, offset <= bytes.count - size else {
            let needed = origin &+ UInt64(max(0, offset)) &+ UInt64(size)
            throw .truncated(file: file, what: what, needed: needed, size: origin &+ UInt64(bytes.count))
        }
        var value: Value = 0
        for index in (0..<size).reversed() { value = value << 8 | Value(truncatingIfNeeded: bytes[offset + index]) }
        return value
    }
}

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
