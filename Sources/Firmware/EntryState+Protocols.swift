import Hypervisor
import Memory

/// The processor states of the boot protocols, with the structures of `LowMemory` in place.
extension EntryState {
    /// Linux' 64-bit boot protocol: identity-mapped paging, RSI at the boot parameters.
    static func linux64(at entry: UInt64) throws(FirmwareError) -> EntryState {
        try make(.long(pageTable: GuestAddress(LowMemory.pageTables.lowerBound)), entry, rsi: bootParameters)
    }

    /// Linux' 32-bit boot protocol: no paging, RSI at the boot parameters.
    static func linux32(at entry: UInt64) throws(FirmwareError) -> EntryState {
        try make(.protected, entry, rsi: bootParameters)
    }

    /// PVH: no paging, RBX at the start information.
    static func pvh(at entry: UInt64) throws(FirmwareError) -> EntryState {
        try make(.protected, entry, rbx: LowMemory.startInfo.lowerBound)
    }

    var is64Bit: Bool {
        if case .long = mode { true } else { false }
    }

    private static var bootParameters: UInt64 { LowMemory.bootParameters.lowerBound }

    private static func make(
        _ mode: Mode, _ entry: UInt64, rsi: UInt64 = 0, rbx: UInt64 = 0
    ) throws(FirmwareError) -> EntryState {
        let start = GuestAddress(LowMemory.descriptorTable.lowerBound)
        // Never taken, both being constants; it spares a crash that a slip in the table would be.
        guard let table = GuestRange(start: start, count: UInt64(FlatDescriptorTable.size)) else {
            throw .noLowMemory(LowMemory.descriptorTable)
        }
        return EntryState(
            mode: mode, instructionPointer: entry, stackPointer: LowMemory.stack.upperBound, rsi: rsi, rbx: rbx,
            descriptorTable: table)
    }
}
