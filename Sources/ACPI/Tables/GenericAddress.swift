/// The place of a register.
///
/// ACPI 6.4 §5.2.3.2, the Generic Address Structure.
package struct GenericAddress: Sendable, Equatable {
    package enum Space: UInt8, Sendable {
        case systemMemory = 0
        case systemIO = 1
    }

    package let space: Space
    /// The size in bytes.
    package let width: UInt8
    package let address: UInt64
    /// Whether this is a block of several registers, which has no one size to access it by.
    package let isBlock: Bool

    package init(_ space: Space, _ address: UInt64, width: UInt8, isBlock: Bool = false) {
        self.space = space
        self.address = address
        self.width = width
        self.isBlock = isBlock
    }

    /// A register in port space.
    package static func port(_ port: UInt16, width: UInt8 = 1) -> GenericAddress {
        GenericAddress(.systemIO, UInt64(port), width: width)
    }

    /// A register in memory space.
    package static func memory(_ address: UInt64, width: UInt8 = 1) -> GenericAddress {
        GenericAddress(.systemMemory, address, width: width)
    }

    /// The size of an access, as the structure encodes it: 1, 2, 3, 4 for 1, 2, 4 and 8 bytes.
    private var accessSize: UInt8 {
        switch width {
        case _ where isBlock: 0
        case 1: 1
        case 2: 2
        case 4: 3
        case 8: 4
        default: 0
        }
    }

    static let length = 12

    var bytes: [UInt8] {
        var bytes = [space.rawValue, width &* 8, 0, accessSize]
        bytes.append(littleEndian: address)
        return bytes
    }
}
