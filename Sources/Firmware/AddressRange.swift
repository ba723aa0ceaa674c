package import Memory

/// Guest-physical addresses from a first one up to, not including, a last one; may be empty.
///
/// Planning is arithmetic on both ends, for which this is the handier form; what leaves the planner is a `GuestRange`.
package typealias AddressRange = Range<UInt64>

extension AddressRange {
    /// Nil where the range would pass the end of the address space.
    package init?(start: UInt64, count: UInt64) {
        let (end, overflow) = start.addingReportingOverflow(count)
        guard !overflow else { return nil }
        self = start..<end
    }

    /// The same addresses, or nil for an empty range.
    package var guestRange: GuestRange? {
        GuestRange(start: GuestAddress(lowerBound), count: upperBound - lowerBound)
    }

    /// How messages show it: both ends included.
    package var hexadecimal: String {
        "0x\(String(lowerBound, radix: 16))...0x\(String(isEmpty ? lowerBound : upperBound - 1, radix: 16))"
    }
}

extension UInt64 {
    /// The next multiple of `alignment`, a power of two, that is not below; nil past the end.
    func aligned(up alignment: UInt64) -> UInt64? {
        let (sum, overflow) = addingReportingOverflow(alignment - 1)
        return overflow ? nil : sum & ~(alignment - 1)
    }
}
