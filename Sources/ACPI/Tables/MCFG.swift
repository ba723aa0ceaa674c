/// Where the configuration space of PCI Express lies in memory.
///
/// PCI Firmware Specification 3.3 §4.1.2.
package struct MCFG: Sendable {
    /// The configuration space of a range of buses, 1 MiB each.
    package struct Segment: Sendable, Equatable {
        package var number: UInt16
        /// The address of bus 0, even if the range begins at another.
        package var address: UInt64
        package var buses: ClosedRange<UInt8>

        package init(number: UInt16 = 0, address: UInt64, buses: ClosedRange<UInt8> = 0...255) {
            self.number = number
            self.address = address
            self.buses = buses
        }

        /// What the buses of the range take up.
        package var addresses: ClosedRange<UInt64> {
            let first = address &+ UInt64(buses.lowerBound) << 20
            let last = address &+ UInt64(buses.upperBound) << 20 &+ 0xF_FFFF
            return first...max(first, last)
        }
    }

    package var segments: [Segment]

    package init(segments: [Segment]) {
        self.segments = segments
    }

    package var table: Table {
        var body = [UInt8](repeating: 0, count: 8)
        for segment in segments {
            body.append(littleEndian: segment.address)
            body.append(littleEndian: segment.number)
            body += [segment.buses.lowerBound, segment.buses.upperBound, 0, 0, 0, 0]
        }
        return Table("MCFG", revision: 1, body: body)
    }
}
