package import Memory

/// What lies where in the first MiB of a guest that is booted directly.
///
/// ```
/// 0x000000  real-mode vectors and BIOS data: left zero
/// 0x001000  global descriptor table                          ┐
/// 0x002000  PVH start information, modules, memory map       │ `bootData`:
/// 0x004000  boot parameters ("zero page")                    │ no part of a kernel
/// 0x005000  stack, one page, grows down from 0x6000          │ may lie here
/// 0x006000  page tables: PML4, PDPT, four directories        │
/// 0x010000  kernel command line, up to 64 KiB                ┘
/// 0x020000  free RAM
/// 0x09fc00  extended BIOS data area (reserved in the map)
/// 0x0a0000  VGA window: not RAM
/// 0x0e0000  ACPI root pointer, SMBIOS: the board's (reserved in the map)
/// 0x100000  first byte of high memory: kernels go here or above
/// ```
///
/// The kernel owns all of it once it runs: Linux copies what it needs and takes the rest as RAM. The board reserves
/// the last two areas in its memory map and puts its tables into them.
package enum LowMemory {
    /// Three flat descriptors and a task-state segment (`FlatDescriptorTable`).
    package static let descriptorTable: AddressRange = 0x1000..<0x2000
    /// `hvm_start_info`, then the module list, then the memory map (`PVHStartInfo`).
    package static let startInfo: AddressRange = 0x2000..<0x4000
    /// `struct boot_params` (`BootParameters`).
    package static let bootParameters: AddressRange = 0x4000..<0x5000
    /// Used by entry code that calls before it has a stack of its own.
    package static let stack: AddressRange = 0x5000..<0x6000
    /// One PML4, one page-directory-pointer table, four page directories (`IdentityPageTables`).
    package static let pageTables: AddressRange = 0x6000..<0xc000
    /// The command line with its NUL.
    package static let commandLine: AddressRange = 0x10000..<0x20000
    /// All of these: RAM that the loaders need and that no part of a kernel may cover.
    package static let bootData: AddressRange = 0x1000..<0x20000

    /// Where PCs keep the extended BIOS data area; direct boot leaves it empty.
    package static let extendedBIOSData: AddressRange = 0x9fc00..<0xa0000
    /// Where a guest without `acpi_rsdp_addr` looks for the ACPI root pointer, at 16-byte steps (ACPI 6.5 §5.2.5.1),
    /// and for the SMBIOS entry point (from 0xf0000).
    package static let biosArea: AddressRange = 0xe0000..<0x100000
    /// Where boards put the ACPI root pointer.
    package static let rootPointer = GuestAddress(0xe0000)
    /// Where RAM goes on after the legacy hole.
    package static let highMemory: UInt64 = 0x100000

    /// The areas of the picture by name, in its order.
    package static let areas: [(name: String, range: AddressRange)] = [
        ("the descriptor table", descriptorTable), ("the PVH start information", startInfo),
        ("the boot parameters", bootParameters), ("the stack", stack), ("the page tables", pageTables),
        ("the command line", commandLine), ("the extended BIOS data area", extendedBIOSData),
        ("the BIOS area", biosArea),
    ]
}
