/// The global descriptor table of a fresh guest: flat segments over all of memory, and a task-state segment.
///
/// The Linux boot protocol wants 4 GiB code and data at the selectors `__BOOT_CS` (0x10) and `__BOOT_DS` (0x18), loaded
/// from a table that is really there; PVH leaves the selectors open, so both share this one. Only the code descriptor
/// differs between the modes. The accelerator loads the segment registers with the same values.
enum FlatDescriptorTable {
    private static let codeSelector = 0x10
    private static let dataSelector = 0x18
    private static let taskSelector = 0x20

    /// Descriptors (Intel SDM vol. 3, figure 3-8): present, accessed, base 0, limit 4 GiB in pages.
    private static let code64: UInt64 = 0x00af_9b00_0000_ffff
    private static let code32: UInt64 = 0x00cf_9b00_0000_ffff
    private static let data: UInt64 = 0x00cf_9300_0000_ffff
    /// A busy TSS of the limit that PVH names. Nothing switches tasks, but hardware virtualization wants one.
    private static let task: UInt64 = 0x0000_8b00_0000_0067

    /// The TSS descriptor takes 16 bytes in long mode.
    static let size = taskSelector + 16

    static func bytes(is64Bit: Bool) -> [UInt8] {
        var table = BootStructure(size: size)
        table.put(is64Bit ? code64 : code32, at: codeSelector)
        table.put(data, at: dataSelector)
        table.put(task, at: taskSelector)
        return table.bytes
    }
}
