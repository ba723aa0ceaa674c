// Processors, for the operating system to find in the namespace what the MADT lists.

extension AML {
    /// One name in four is a letter, which leaves three hexadecimal digits.
    static let processorLimit = 4096

    /// A container with a device for each processor. ACPI 6.4 §8.4.
    static func processors(_ processors: [Processor]) -> Bytecode {
        Scope("\\_SB") {
            Device("CPUS") {
                Name("_HID", "ACPI0010")
                Name("_CID", EISAID("PNP0A05"))
                for (index, processor) in processors.enumerated() {
                    Device(Path(NameSegment("C", index: index))) {
                        Name("_HID", "ACPI0007")
                        Name("_UID", processor.uid)
                    }
                }
            }
        }
    }
}
