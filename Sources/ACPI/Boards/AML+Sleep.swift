extension AML {
    /// Soft off is the only sleep state: this is the type to write to the sleep register for it. ACPI 6.4 §7.4.2.
    static func softOff(type: UInt8) -> Bytecode {
        Name("\\_S5", Package(type, type, 0, 0))
    }
}
