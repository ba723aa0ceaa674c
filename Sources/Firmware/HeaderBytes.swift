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
