internal import Bus
internal import Memory

/// A range cut into what lies behind it: stretches of RAM, accesses to devices, stretches of nothing; in order.
///
/// A stretch that is not a device is found in one step, however long; a device is reached in aligned accesses of at
/// most eight bytes, as a processor would.
struct Pieces: Sequence, IteratorProtocol {
    struct Piece {
        enum Kind {
            case memory
            case device(AccessWidth)
            case nothing
        }

        let kind: Kind
        let address: GuestAddress
        let count: UInt64
    }

    private let memory: GuestMemory
    private let space: AddressSpace
    /// Where mappings begin: past one of these a stretch must be looked at anew.
    private let mappingStarts: [UInt64]
    private var position: UInt64
    private var rest: UInt64

    init(of range: GuestRange, memory: GuestMemory, space: AddressSpace) {
        self.memory = memory
        self.space = space
        mappingStarts = space.mappings.map(\.range.start.rawValue)
        position = range.start.rawValue
        rest = range.count
    }

    mutating func next() -> Piece? {
        guard rest > 0 else { return nil }
        let address = GuestAddress(position)
        let piece: Piece
        if space.isMapped(address) {
            let width = widest
            piece = Piece(kind: .device(width), address: address, count: width.count)
        } else {
            piece = stretch(address)
        }
        position &+= piece.count
        rest -= piece.count
        return piece
    }

    /// The widest access that is aligned here and does not pass the end.
    private var widest: AccessWidth {
        for width in [AccessWidth.eight, .four, .two] where rest >= width.count && position % width.count == 0 {
            return width
        }
        return .one
    }

    /// What is here without a device, up to the next possible one.
    private func stretch(_ address: GuestAddress) -> Piece {
        var limit = rest
        for start in mappingStarts where start > position { limit = Swift.min(limit, start - position) }
        for region in memory.regions {
            if region.range.contains(address) {
                let count = region.range.count - (position - region.range.start.rawValue)
                return Piece(kind: .memory, address: address, count: Swift.min(limit, count))
            }
            let start = region.range.start.rawValue
            if start > position { limit = Swift.min(limit, start - position) }
        }
        return Piece(kind: .nothing, address: address, count: limit)
    }
}
