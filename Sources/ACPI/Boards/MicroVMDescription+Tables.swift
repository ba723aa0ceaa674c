extension MicroVMDescription {
    /// The tables of the board, the FADT first; the board may add others before it gathers them in a `TableSet`.
    package func tables() throws(ACPIError) -> [Table] {
        guard processors.count <= AML.processorLimit else {
            throw .tooManyProcessors(processors.count, limit: AML.processorLimit)
        }
        guard virtioDevices.count <= AML.virtioLimit else {
            throw .tooManyDevices(virtioDevices.count, limit: AML.virtioLimit)
        }
        var tables = [
            fadt.table,
            DefinitionBlock(.differentiated) { AML.microVM(self) }.table,
            MADT(processors: processors, ioAPICs: ioAPICs, hasLegacyPIC: hasLegacyPIC).table,
        ]
        if let numa {
            tables.append(SRAT(processors: processors, memory: numa.memory).table)
            if !numa.distances.isEmpty {
                tables.append(SLIT(distances: numa.distances).table)
            }
        }
        return tables
    }

    private var fadt: FADT {
        var bootArchitecture: FADT.BootArchitecture = [.noVGA]
        if !serialPorts.isEmpty {
            bootArchitecture.insert(.legacyDevices)
        }
        if hasKeyboardController {
            bootArchitecture.insert(.i8042)
        }
        if !hasRealTimeClock {
            bootArchitecture.insert(.noRTC)
        }
        return FADT(
            hardware: .reduced(FADT.ReducedHardware(sleepControl: sleepControl, sleepStatus: sleepStatus)),
            bootArchitecture: bootArchitecture,
            reset: reset,
            centuryRegister: hasRealTimeClock ? 0x32 : 0)
    }
}
