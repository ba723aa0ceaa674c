import Memory

/// `hvm_start_info` with the module list and memory map that it points to (Xen
/// xen/include/public/arch-x86/hvm/start_info.h, version 1).
///
/// ```
/// +0x00  magic        u32 0x336ec578     +0x18  cmdline_paddr   u64
/// +0x04  version      u32 1              +0x20  rsdp_paddr      u64
/// +0x08  flags        u32 0              +0x28  memmap_paddr    u64
/// +0x0c  nr_modules   u32                +0x30  memmap_entries  u32
/// +0x10  modlist_paddr u64               +0x34  reserved        u32
/// +0x40  module 0: paddr, size, cmdline_paddr, reserved (u64 each)
/// +0x80  memory map: addr u64, size u64, type u32, reserved u32 each
/// ```
struct PVHStartInfo {
    private var page: BootStructure
    private let base: UInt64

    private static let moduleList = 0x40
    private static let memoryMap = 0x80
    private static let memoryMapEntrySize = 24

    /// How many memory map entries the area holds.
    static let memoryMapLimit =
        (LowMemory.startInfo.count - memoryMap) / memoryMapEntrySize

    /// For a memory map of at most `memoryMapLimit` entries; the command line lies at `LowMemory.commandLine`.
    init(map: [MemoryMapEntry], rootPointer: GuestAddress?, initrd: AddressRange?) {
        let map = map.prefix(Self.memoryMapLimit)
        base = LowMemory.startInfo.lowerBound
        page = BootStructure(size: Self.memoryMap + map.count * Self.memoryMapEntrySize)
        page.put(UInt32(0x336e_c578), at: 0x00)
        page.put(UInt32(1), at: 0x04)
        page.put(LowMemory.commandLine.lowerBound, at: 0x18)
        page.put(rootPointer?.rawValue ?? 0, at: 0x20)
        page.put(base + UInt64(Self.memoryMap), at: 0x28)
        page.put(UInt32(truncatingIfNeeded: map.count), at: 0x30)
        if let initrd {
            page.put(UInt32(1), at: 0x0c)
            page.put(base + UInt64(Self.moduleList), at: 0x10)
            page.put(initrd.lowerBound, at: Self.moduleList)
            page.put(initrd.upperBound - initrd.lowerBound, at: Self.moduleList + 8)
        }
        for (index, entry) in map.enumerated() {
            let offset = Self.memoryMap + index * Self.memoryMapEntrySize
            page.put(entry.range.start.rawValue, at: offset)
            page.put(entry.range.count, at: offset + 8)
            page.put(entry.kind.rawValue, at: offset + 16)
        }
    }

    var bytes: [UInt8] { page.bytes }
}
