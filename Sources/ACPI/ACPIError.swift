/// Why a set of tables cannot be made or placed.
package enum ACPIError: Error, Equatable, CustomStringConvertible {
    /// A table points to one that is not in the set.
    case missingTable(Signature, neededBy: Signature)
    /// A table that others point to by its signature is there twice.
    case duplicateTable(Signature)
    /// The space for the tables is too small.
    case tablesTooLarge(size: Int, space: Range<UInt64>)
    /// The space for the tables does not begin at a multiple of the largest alignment among them.
    case misalignedSpace(Range<UInt64>, alignment: Int)
    /// A table lies where a pointer to it does not reach.
    case unreachableTable(Signature, address: UInt64)
    /// A board has more processors than its tables can name.
    case tooManyProcessors(Int, limit: Int)
    /// A board has more virtio devices than its tables can name.
    case tooManyDevices(Int, limit: Int)

    package var description: String {
        switch self {
        case .missingTable(let signature, let reference):
            "The ACPI table \(reference) refers to \(signature), which is not among the tables."
        case .duplicateTable(let signature):
            "The ACPI table \(signature) may be given only once."
        case .tablesTooLarge(let size, let space):
            "The ACPI tables take \(size) bytes, but there is room for \(space.upperBound - space.lowerBound)."
        case .misalignedSpace(let space, let alignment):
            "The ACPI tables must begin at a multiple of \(alignment), not at 0x\(hexadecimal(space.lowerBound))."
        case .unreachableTable(let signature, let address):
            "The ACPI table \(signature) must lie below 4 GiB, not at 0x\(hexadecimal(address))."
        case .tooManyProcessors(let count, let limit):
            "The ACPI tables describe at most \(limit) processors, not \(count)."
        case .tooManyDevices(let count, let limit):
            "The ACPI tables describe at most \(limit) virtio-mmio devices, not \(count)."
        }
    }

    private func hexadecimal(_ value: UInt64) -> String {
        String(value, radix: 16)
    }
}
