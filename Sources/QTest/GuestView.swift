package import Bus
package import Memory

/// The machine's physical address space as a processor sees it: RAM, devices, and nothing.
///
/// Where a device is mapped over RAM the device is seen. Nothing reads as all ones, and takes writes silently.
package struct GuestView: Sendable {
    private let memory: GuestMemory
    private let space: AddressSpace

    package init(memory: GuestMemory, space: AddressSpace) {
        self.memory = memory
        self.space = space
    }

    // MARK: Values

    func load(_ address: GuestAddress, _ width: AccessWidth) -> UInt64 {
        guard isRAM(address, width) else { return space.read(address, width) }
        return switch width {
        case .one: memory.load(address, as: UInt8.self).map(UInt64.init) ?? width.mask
        case .two: memory.load(address, as: UInt16.self).map(UInt64.init) ?? width.mask
        case .four: memory.load(address, as: UInt32.self).map(UInt64.init) ?? width.mask
        case .eight: memory.load(address, as: UInt64.self) ?? width.mask
        }
    }

    func store(_ value: UInt64, at address: GuestAddress, _ width: AccessWidth) {
        // Where nothing is mapped the address space is asked too: a doorbell may be there.
        guard isRAM(address, width) else { return space.write(value & width.mask, to: address, width) }
        switch width {
        case .one: memory.store(UInt8(truncatingIfNeeded: value), at: address)
        case .two: memory.store(UInt16(truncatingIfNeeded: value), at: address)
        case .four: memory.store(UInt32(truncatingIfNeeded: value), at: address)
        case .eight: memory.store(value, at: address)
        }
    }

    private func isRAM(_ address: GuestAddress, _ width: AccessWidth) -> Bool {
        memory.contains(address, count: width.count) && !space.isMapped(address)
    }

    // MARK: Ranges

    /// The bytes of a range. The caller has judged its size.
    func bytes(of range: GuestRange) -> [UInt8] {
        if let width = exactWidth(of: range) {
            return GuestView.bytes(of: space.read(range.start, width), width)
        }
        var result: [UInt8] = []
        result.reserveCapacity(Int(range.count))
        for piece in Pieces(of: range, memory: memory, space: space) {
            switch piece.kind {
            case .memory:
                result += memory.bytes(at: piece.address, count: Int(piece.count)) ?? []
            case .device(let width):
                result += GuestView.bytes(of: space.read(piece.address, width), width)
            case .nothing:
                result += repeatElement(0xff, count: Int(piece.count))
            }
        }
        return result
    }

    /// Writes `bytes` to a range of their count.
    func write(_ bytes: [UInt8], to range: GuestRange) {
        func value(_ offset: Int, _ width: AccessWidth) -> UInt64 {
            (0..<Int(width.count)).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (UInt64($1) * 8) }
        }
        if let width = exactWidth(of: range) { return space.write(value(0, width), to: range.start, width) }
        for piece in Pieces(of: range, memory: memory, space: space) {
            let offset = Int(piece.address.rawValue - range.start.rawValue)
            switch piece.kind {
            case .memory: try? memory.write(Array(bytes[offset..<offset + Int(piece.count)]), at: piece.address)
            case .device(let width): space.write(value(offset, width), to: piece.address, width)
            case .nothing: break
            }
        }
    }

    /// Sets every byte of a range.
    func fill(_ range: GuestRange, with byte: UInt8) {
        let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
        if let width = exactWidth(of: range) { return space.write(pattern & width.mask, to: range.start, width) }
        for piece in Pieces(of: range, memory: memory, space: space) {
            switch piece.kind {
            case .memory: _ = memory.fill(piece.address, count: piece.count, with: byte)
            case .device(let width): space.write(pattern & width.mask, to: piece.address, width)
            case .nothing: break
            }
        }
    }

    /// A device sees an access of 1, 2, 4 or 8 bytes with that width, aligned or not.
    private func exactWidth(of range: GuestRange) -> AccessWidth? {
        guard range.count <= 8, let width = AccessWidth(rawValue: UInt8(range.count)) else { return nil }
        return space.isMapped(range.start) ? width : nil
    }

    private static func bytes(of value: UInt64, _ width: AccessWidth) -> [UInt8] {
        (0..<width.count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
