/// A guest-physical address.
package struct GuestAddress: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The address `count` bytes on, or nil where the address space ends.
    package func advanced(by count: UInt64) -> GuestAddress? {
        let (sum, overflow) = rawValue.addingReportingOverflow(count)
        return overflow ? nil : GuestAddress(sum)
    }

    /// The next multiple of `alignment` (a power of two) that is not below this address, or nil past the end.
    package func aligned(up alignment: UInt64) -> GuestAddress? {
        advanced(by: alignment &- 1).map { GuestAddress($0.rawValue & ~(alignment &- 1)) }
    }

    package var description: String { "0x" + String(rawValue, radix: 16) }
}

/// A non-empty stretch of guest-physical addresses that does not wrap.
package struct GuestRange: Hashable, Sendable, CustomStringConvertible {
    package let start: GuestAddress
    /// At least 1.
    package let count: UInt64

    /// Nil for an empty range and for one that passes the end of the address space.
    package init?(start: GuestAddress, count: UInt64) {
        guard count > 0, !start.rawValue.addingReportingOverflow(count - 1).overflow else { return nil }
        self.start = start
        self.count = count
    }

    /// The range from `start` up to and including `last`.
    package init?(start: GuestAddress, last: GuestAddress) {
        guard last >= start, last.rawValue - start.rawValue < .max else { return nil }
        self.start = start
        self.count = last.rawValue - start.rawValue + 1
    }

    /// A range of I/O ports.
    package init(ports: ClosedRange<UInt16>) {
        start = GuestAddress(UInt64(ports.lowerBound))
        count = UInt64(ports.count)
    }

    /// The last address that belongs to it.
    package var last: GuestAddress { GuestAddress(start.rawValue + (count - 1)) }

    package func contains(_ address: GuestAddress) -> Bool {
        address.rawValue &- start.rawValue < count
    }

    package func contains(_ other: GuestRange) -> Bool { other.start >= start && other.last <= last }

    package func overlaps(_ other: GuestRange) -> Bool { start <= other.last && other.start <= last }

    package var description: String { "\(start)...\(last)" }
}
