/// The global descriptor table of a fresh guest: flat segments over all of memory, and a task-state segment.
///
/// The Linux boot protocol wants 4 GiB code and data at the selectors `__BOOT_CS` (0x10) and `__BOOT_DS` (0x18), loaded
/// from a table that is really there; PVH leaves the selectors open, so both share this one. One table serves both
/// modes, since only the code descriptor's L and D bits differ, and a kernel reloads its own table before it changes
/// mode.
enum FlatDescriptorTable {
    static let code64 = EntryState.Segment(
        selector: 0x10, limit: .max, type: accessedExecuteRead, isCodeOrData: true, isLong: true, isDefault32: false,
        granularity: true)
    static let code32 = EntryState.Segment(
        selector: 0x10, limit: .max, type: accessedExecuteRead, isCodeOrData: true, isLong: false, isDefault32: true,
        granularity: true)
    static let data = EntryState.Segment(
        selector: 0x18, limit: .max, type: accessedReadWrite, isCodeOrData: true, isLong: false, isDefault32: true,
        granularity: true)
    /// PVH names this limit: the size of a 32-bit TSS less one.
    static let task = EntryState.Segment(
        selector: 0x20, limit: 0x67, type: busyTaskState, isCodeOrData: false, isLong: false, isDefault32: false,
        granularity: false)

    /// Segment types (Intel SDM vol. 3, §3.4.5.1 and §3.5).
    private static let accessedExecuteRead: UInt8 = 0xb
    private static let accessedReadWrite: UInt8 = 0x3
    private static let busyTaskState: UInt8 = 0xb

    /// Null, unused, code, data, and two slots for the TSS, whose descriptor takes 16 bytes in long mode.
    private static let slots = 6
    static let register = EntryState.DescriptorTable(
        base: LowMemory.descriptorTable.lowerBound, limit: UInt16(slots * 8 - 1))

    /// The table's bytes, for `mode`.
    static func bytes(for mode: EntryState.Mode) -> [UInt8] {
        var table = BootStructure(size: slots * 8)
        for segment in [mode == .long64 ? code64 : code32, data, task] {
            table.put(segment.descriptor, at: Int(segment.selector))
        }
        return table.bytes
    }
}

extension EntryState.Segment {
    /// The 8 bytes of a descriptor (Intel SDM vol. 3, figure 3-8).
    var descriptor: UInt64 {
        let limit = UInt64(granularity ? self.limit >> 12 : self.limit)
        let access = UInt64(type) | bit(isCodeOrData, 4) | UInt64(privilege) << 5 | bit(isPresent, 7)
        let flags = bit(isLong, 1) | bit(isDefault32, 2) | bit(granularity, 3)
        var descriptor: UInt64 = limit & 0xffff
        descriptor |= (base & 0xff_ffff) << 16
        descriptor |= access << 40
        descriptor |= (limit >> 16) << 48
        descriptor |= flags << 52
        descriptor |= (base >> 24 & 0xff) << 56
        return descriptor
    }

    private func bit(_ isSet: Bool, _ position: Int) -> UInt64 { isSet ? 1 << position : 0 }
}
