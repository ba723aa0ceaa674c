/// How register B says that numbers are written.
struct CMOSClockFormat: Equatable {
    var isBinary: Bool
    var is24Hours: Bool

    private static let afternoon: UInt8 = 0x80

    /// Numbers from 0 to 99; of others the last two digits.
    func encode(_ value: Int64) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: (value % 100 + 100) % 100)
        return isBinary ? value : (value / 10) << 4 | value % 10
    }

    func decode(_ byte: UInt8) -> Int64 {
        isBinary ? Int64(byte) : Int64(byte >> 4) * 10 + Int64(byte & 0x0f)
    }

    func encodeHour(_ hour: Int64) -> UInt8 {
        guard !is24Hours else { return encode(hour) }
        return encode(hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? Self.afternoon : 0)
    }

    func decodeHour(_ byte: UInt8) -> Int64 {
        guard !is24Hours else { return decode(byte) }
        return decode(byte & ~Self.afternoon) % 12 + (byte & Self.afternoon != 0 ? 12 : 0)
    }
}
