internal import ACPI
internal import Configuration
internal import Firmware
internal import Glibc
internal import Host
internal import Hypervisor
internal import Memory

/// What a board's direct boot comes to: the kernel's plan and the ACPI tables beside it, ready to be written into RAM at
/// every power-on.
///
/// The files stay open, so a reset boots what the start booted.
struct BootLoader: Sendable {
    /// Where a PC's firmware has its entry, and what stands there without firmware: code for real mode that asks the
    /// keyboard controller for a reset. Linux restarts that way if its ACPI is hardware-reduced and there is no EFI
    /// (`reboot_init` in arch/x86/kernel/reboot.c).
    private static let entry = GuestAddress(0xffff0)
    private static let restart: [UInt8] = [
        0xb0, 0xfe,  // mov al, 0xfe
        0xe6, 0x64,  // out 0x64, al
        0xf4,  // hlt
        0xeb, 0xfd,  // jmp to the hlt
    ]

    /// Nil on a machine that nothing was given to boot: a test drives it.
    private let plan: BootPlan?
    private let tables: PlacedTables?

    /// - Parameters:
    ///   - firmware: `-kernel`, `-initrd`, `-append`.
    ///   - extraArguments: what the board adds to the kernel's command line.
    ///   - tables: the board's ACPI tables; nil: none.
    ///   - memoryMap: what the guest is told about its memory.
    ///   - files: what `/dev/fdset/N` stands for.
    init(
        _ firmware: FirmwareConfiguration, extraArguments: [String] = [], tables: [Table]?, memoryMap: [MemoryMapEntry],
        files: DescriptorSets
    ) throws(MachineError) {
        let placed: PlacedTables?
        if let tables {
            placed = try blaming("ACPI tables") { () throws(ACPIError) in
                try TableSet(tables).placed(in: LowMemory.biosArea.lowerBound..<BootLoader.entry.rawValue)
            }
        } else {
            placed = nil
        }
        self.tables = placed
        guard let path = firmware.kernel else {
            plan = nil
            return
        }
        let arguments = [firmware.commandLine ?? ""] + extraArguments
        plan = try blaming("-kernel") { () throws(FirmwareError) in
            let initrd: ImageFile?
            if let path = firmware.initialRAMDisk { initrd = try ImageFile(path: path, in: files) } else { initrd = nil }
            let boot = DirectBoot(
                kernel: try KernelImage(ImageFile(path: path, in: files)), initrd: initrd,
                commandLine: arguments.filter { !$0.isEmpty }.joined(separator: " "), memoryMap: memoryMap,
                rootPointer: placed.map { GuestAddress($0.rsdpAddress) })
            return try boot.plan()
        }
    }

    /// Writes everything into RAM at power-on state, and points the boot processor at it.
    func load(_ memory: GuestMemory, _ processor: (any VirtualCPU)?) throws(MachineError) {
        if let tables {
            try blaming("ACPI tables") { () throws(MemoryError) in
                try memory.write(tables.bytes, at: GuestAddress(tables.address))
            }
        }
        guard let plan else { return }
        try blaming("-kernel") { () throws(MemoryError) in
            try memory.write(BootLoader.restart, at: BootLoader.entry)
        }
        try blaming("-kernel") { () throws(FirmwareError) in
            try plan.write(to: memory, isZeroed: memory.isZeroAtPowerOn)
        }
        try blaming("-kernel") { () throws(HypervisorError) in try processor?.enter(plan.entry) }
    }

    /// The usual map of a board: RAM with the PC's legacy holes, and what else is not RAM.
    static func memoryMap(_ layout: RAMLayout, reserved: [GuestRange]) -> [MemoryMapEntry] {
        let conventional = GuestRange(start: GuestAddress(0), count: LowMemory.extendedBIOSData.lowerBound)
        let bios = GuestRange(start: LowMemory.rootPointer, last: GuestAddress(LowMemory.highMemory - 1))
        let extended = GuestRange(
            start: GuestAddress(LowMemory.extendedBIOSData.lowerBound),
            last: GuestAddress(LowMemory.extendedBIOSData.upperBound - 1))
        let main = GuestRange(start: GuestAddress(LowMemory.highMemory), last: layout.low.last)
        var map: [MemoryMapEntry] = []
        if let conventional { map.append(MemoryMapEntry(conventional, .ram)) }
        if let extended { map.append(MemoryMapEntry(extended, .reserved)) }
        if let bios { map.append(MemoryMapEntry(bios, .reserved)) }
        if let main { map.append(MemoryMapEntry(main, .ram)) }
        map += reserved.map { MemoryMapEntry($0, .reserved) }
        if let high = layout.high { map.append(MemoryMapEntry(high, .ram)) }
        return map
    }
}

extension ImageFile {
    /// Opens `path`, which may be `/dev/fdset/N`.
    convenience init(path: String, in files: DescriptorSets) throws(FirmwareError) {
        guard DescriptorSets.isSet(path) else {
            try self.init(path: path)
            return
        }
        let file: FileDescriptor
        do throws(Errno) {
            file = try files.open(path, O_RDONLY)
        } catch {
            throw .cannotOpen(file: path, errno: error)
        }
        try self.init(file, path: path)
    }
}
