extension AML {
    /// One descriptor of a resource template: what a device decodes, or what it interrupts with.
    ///
    /// The large form counts its bytes in 16 bits and the small one in three; the words below know theirs.
    /// ACPI 6.4 §6.4.
    package struct Resource: Sendable, Equatable {
        let bytes: [UInt8]

        /// A descriptor whose first byte says the length too.
        fileprivate init(small tag: UInt8, _ fill: (inout [UInt8]) -> Void) {
            var bytes = [tag]
            fill(&bytes)
            self.bytes = bytes
        }

        /// A descriptor whose tag is followed by the length of the rest.
        fileprivate init(large tag: UInt8, _ fill: (inout [UInt8]) -> Void) {
            var body: [UInt8] = []
            fill(&body)
            var bytes = [tag]
            bytes.append(littleEndian: UInt16(truncatingIfNeeded: body.count))
            self.bytes = bytes + body
        }
    }

    /// Collects the descriptors between the braces of a `ResourceTemplate`.
    @resultBuilder
    package enum ResourceList {
        package static func buildExpression(_ resource: Resource) -> [Resource] { [resource] }
        package static func buildBlock(_ parts: [Resource]...) -> [Resource] { parts.flatMap { $0 } }
        package static func buildArray(_ parts: [[Resource]]) -> [Resource] { parts.flatMap { $0 } }
        package static func buildOptional(_ part: [Resource]?) -> [Resource] { part ?? [] }
        package static func buildEither(first part: [Resource]) -> [Resource] { part }
        package static func buildEither(second part: [Resource]) -> [Resource] { part }
    }

    /// A buffer of resource descriptors, for `_CRS`.
    package static func ResourceTemplate(@ResourceList _ resources: () -> [Resource]) -> Bytecode {
        // The end tag carries a checksum, or zero for "not summed", which every reader accepts.
        Buffer(resources().flatMap(\.bytes) + [0x79, 0x00])
    }
}

// MARK: Ports and memory

extension AML {
    /// `length` ports from `base` on, all sixteen address bits decoded. ACPI 6.4 §6.4.2.5.
    package static func IO(_ base: UInt16, length: UInt8) -> Resource {
        Resource(small: 0x47) { bytes in
            bytes.append(1)
            bytes.append(littleEndian: base)
            bytes.append(littleEndian: base)
            bytes.append(1)
            bytes.append(length)
        }
    }

    /// `length` bytes of memory space below 4 GiB. ACPI 6.4 §6.4.3.4.
    package static func Memory32Fixed(_ base: UInt32, length: UInt32, writable: Bool = true) -> Resource {
        Resource(large: 0x86) { bytes in
            bytes.append(writable ? 1 : 0)
            bytes.append(littleEndian: base)
            bytes.append(littleEndian: length)
        }
    }
}

// MARK: Interrupts

extension AML {
    /// How an interrupt line signals.
    package enum Trigger: Sendable {
        case level
        case edge
    }

    /// An ISA interrupt of the kind ISA has: edge, active high, exclusive. ACPI 6.4 §6.4.2.1.
    package static func IRQNoFlags(_ line: UInt8) -> Resource {
        Resource(small: 0x22) { $0.append(littleEndian: UInt16(1) << UInt16(line & 0xF)) }
    }

    /// An ISA interrupt of another kind. ACPI 6.4 §6.4.2.1.
    package static func IRQ(
        _ line: UInt8, _ trigger: Trigger, activeLow: Bool = false, shared: Bool = false
    ) -> Resource {
        Resource(small: 0x23) { bytes in
            bytes.append(littleEndian: UInt16(1) << UInt16(line & 0xF))
            bytes.append((trigger == .edge ? 0x01 : 0) | (activeLow ? 0x08 : 0) | (shared ? 0x10 : 0))
        }
    }

    /// An interrupt by its global number, consumed by the device. ACPI 6.4 §6.4.3.6, the extended descriptor.
    package static func Interrupt(
        _ gsi: UInt32, _ trigger: Trigger, activeLow: Bool = false, shared: Bool = false
    ) -> Resource {
        Resource(large: 0x89) { bytes in
            bytes.append(0x01 | (trigger == .edge ? 0x02 : 0) | (activeLow ? 0x04 : 0) | (shared ? 0x08 : 0))
            bytes.append(1)
            bytes.append(littleEndian: gsi)
        }
    }
}

// MARK: Address spaces

extension AML {
    /// How processors may cache a window. ACPI 6.4 §6.4.3.5.5.
    package enum Caching: UInt8, Sendable {
        case nonCacheable = 0
        case cacheable = 1
        case writeCombining = 2
        case prefetchable = 3
    }

    /// Buses that a bridge leads to.
    package static func WordBusNumber(_ buses: ClosedRange<UInt16>) -> Resource {
        addressSpace(0x88, kind: 2, flags: 0, buses)
    }

    /// Ports that a bridge passes on.
    package static func WordIO(_ ports: ClosedRange<UInt16>) -> Resource {
        addressSpace(0x88, kind: 1, flags: entireRange, ports)
    }

    /// Ports that a bridge passes on, in the wider descriptor.
    package static func DWordIO(_ ports: ClosedRange<UInt32>) -> Resource {
        addressSpace(0x87, kind: 1, flags: entireRange, ports)
    }

    /// Memory that a bridge passes on, below 4 GiB.
    package static func DWordMemory(
        _ addresses: ClosedRange<UInt32>, _ caching: Caching, writable: Bool = true
    ) -> Resource {
        addressSpace(0x87, kind: 0, flags: (writable ? 1 : 0) | caching.rawValue << 1, addresses)
    }

    /// Memory that a bridge passes on, anywhere; or that a device takes up, if `consumed`.
    package static func QWordMemory(
        _ addresses: ClosedRange<UInt64>, _ caching: Caching, writable: Bool = true, consumed: Bool = false
    ) -> Resource {
        addressSpace(
            0x8A, kind: 0, flags: (writable ? 1 : 0) | caching.rawValue << 1, consumed: consumed, addresses)
    }

    /// Both the ISA and the non-ISA part of every 1 KiB.
    private static let entireRange: UInt8 = 3

    /// A window with fixed ends, decoded positively and not translated. ACPI 6.4 §6.4.3.5.
    private static func addressSpace<Width: FixedWidthInteger & UnsignedInteger>(
        _ tag: UInt8, kind: UInt8, flags: UInt8, consumed: Bool = false, _ range: ClosedRange<Width>
    ) -> Resource {
        Resource(large: tag) { bytes in
            bytes.append(kind)
            bytes.append(0x0C | (consumed ? 1 : 0))  // minimum and maximum are fixed
            bytes.append(flags)
            bytes.append(littleEndian: Width.zero)  // granularity
            bytes.append(littleEndian: range.lowerBound)
            bytes.append(littleEndian: range.upperBound)
            bytes.append(littleEndian: Width.zero)  // translation
            // A window of the whole width has a length that the width cannot hold: zero, as wrapping gives.
            bytes.append(littleEndian: range.upperBound &- range.lowerBound &+ 1)
        }
    }
}
