/// Interrupt controllers: one local APIC for each processor, and the I/O APICs.
///
/// ACPI 6.4 §5.2.12.
package struct MADT: Sendable {
    package struct IOAPIC: Sendable, Equatable {
        package var id: UInt8
        package var address: UInt32
        /// The global number of its first pin.
        package var gsiBase: UInt32

        package init(id: UInt8 = 0, address: UInt32 = 0xFEC0_0000, gsiBase: UInt32 = 0) {
            self.id = id
            self.address = address
            self.gsiBase = gsiBase
        }
    }

    /// An ISA interrupt that is not what ISA has: edge, active high, at the global number of the same value.
    package struct SourceOverride: Sendable, Equatable {
        /// How the line signals; `bus` is ISA's own way. ACPI 6.4 §5.2.12.5, table 5.26.
        package enum Signal: UInt16, Sendable {
            case bus = 0
            case levelActiveHigh = 0b1101
            case levelActiveLow = 0b1111
        }

        package var source: UInt8
        package var gsi: UInt32
        package var signal: Signal

        package init(source: UInt8, gsi: UInt32, signal: Signal) {
            self.source = source
            self.gsi = gsi
            self.signal = signal
        }
    }

    package var processors: [Processor]
    package var ioAPICs: [IOAPIC]
    package var overrides: [SourceOverride]
    /// Whether there is a pair of 8259 controllers, which a guest then silences.
    package var hasLegacyPIC: Bool

    package init(
        processors: [Processor], ioAPICs: [IOAPIC], overrides: [SourceOverride] = [], hasLegacyPIC: Bool
    ) {
        self.processors = processors
        self.ioAPICs = ioAPICs
        self.overrides = overrides
        self.hasLegacyPIC = hasLegacyPIC
    }

    package var table: Table {
        var body: [UInt8] = []
        body.append(littleEndian: UInt32(0xFEE0_0000))  // local APIC
        body.append(littleEndian: UInt32(hasLegacyPIC ? 1 : 0))
        for processor in processors {
            body += Self.localAPIC(processor)
        }
        for ioAPIC in ioAPICs {
            body += [1, 12, ioAPIC.id, 0]
            body.append(littleEndian: ioAPIC.address)
            body.append(littleEndian: ioAPIC.gsiBase)
        }
        for override in overrides {
            body += [2, 10, 0, override.source]
            body.append(littleEndian: override.gsi)
            body.append(littleEndian: override.signal.rawValue)
        }
        // NMI is the second local input of every processor; the ids of all ones stand for all of a kind.
        body += [4, 6, 0xFF, 0, 0, 1]
        if processors.contains(where: \.needsX2APIC) {
            body += [10, 12, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0]
        }
        return Table("APIC", revision: 5, body: body)
    }

    /// The short entry has a byte for each id, the x2APIC's four.
    private static func localAPIC(_ processor: Processor) -> [UInt8] {
        var entry: [UInt8]
        if processor.needsX2APIC {
            entry = [9, 16, 0, 0]
            entry.append(littleEndian: processor.apicID)
            entry.append(littleEndian: processor.flags)
            entry.append(littleEndian: processor.uid)
        } else {
            entry = [0, 8]
            entry.append(UInt8(truncatingIfNeeded: processor.uid))
            entry.append(UInt8(truncatingIfNeeded: processor.apicID))
            entry.append(littleEndian: processor.flags)
        }
        return entry
    }
}
