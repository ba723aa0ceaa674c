extension Q35Description {
    /// The tables of the board, the FADT first; the board may add others before it gathers them in a `TableSet`.
    package func tables() throws(ACPIError) -> [Table] {
        guard processors.count <= AML.processorLimit else {
            throw .tooManyProcessors(processors.count, limit: AML.processorLimit)
        }
        var tables = [
            fadt.table,
            FACS(hardwareSignature: hardwareSignature).table,
            DefinitionBlock(.differentiated) { AML.q35(self) }.table,
            madt.table,
            MCFG(segments: [configurationSpace]).table,
            WAET().table,
        ]
        if let timer {
            tables.append(timer.table)
        }
        if let console {
            tables.append(SPCR(port: console).table)
        }
        if let numa {
            tables.append(SRAT(processors: processors, memory: numa.memory).table)
            if !numa.distances.isEmpty {
                tables.append(SLIT(distances: numa.distances).table)
            }
        }
        return tables
    }

    /// The register blocks have the places that the ICH9 gives them. Intel ICH9 §13.8.3.
    private var fadt: FADT {
        var bootArchitecture: FADT.BootArchitecture = [.legacyDevices, .noVGA]
        if hasKeyboardController {
            bootArchitecture.insert(.i8042)
        }
        return FADT(
            hardware: .fixed(
                FADT.FixedHardware(
                    sci: UInt16(sci),
                    pm1Event: powerManagementBase,
                    pm1Control: powerManagementBase &+ 0x04,
                    timer: powerManagementBase &+ 0x08,
                    gpe0: powerManagementBase &+ 0x20,
                    gpe0Length: 16)),
            bootArchitecture: bootArchitecture,
            reset: reset,
            centuryRegister: 0x32)
    }

    private var madt: MADT {
        MADT(
            processors: processors,
            ioAPICs: [ioAPIC],
            overrides: [
                // The PIT's line; on pin 0 of an I/O APIC is the 8259.
                MADT.SourceOverride(source: 0, gsi: 2, signal: .bus),
                MADT.SourceOverride(source: sci, gsi: UInt32(sci), signal: .levelActiveHigh),
            ],
            hasLegacyPIC: true)
    }
}
