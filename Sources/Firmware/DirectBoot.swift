package import Memory

// # Booting a kernel without firmware
//
// A PC's firmware finds a boot loader, which finds a kernel, which takes over. For `-kernel` Apus is firmware and
// loader in one, before the guest's first instruction:
//
//     ImageFile ──► KernelImage ──► DirectBoot.plan() ──► BootPlan ──┬─► placements ──► guest memory
//     opened once    recognised,     who lies where,                 └─► EntryState ──► vCPU 0's registers
//                    checked         nothing written yet
//
// There are four ways in. Which one a kernel takes is its file's affair:
//
//     bzImage, 64-bit   long mode, identity-mapped pages, RSI = boot parameters     kernel + 0x200
//     bzImage, 32-bit   protected mode, no paging,        RSI = boot parameters     kernel
//     ELF with PVH note protected mode, no paging,        RBX = start information   the note's address
//     ELF without       long mode, identity-mapped pages, RSI = boot parameters     e_entry
//
// The board says what memory there is (`MemoryMapEntry`) and where its ACPI tables are; it passes `BootPlan.entry` to
// the accelerator. What the boot structures look like and where they lie is in `LowMemory`.
//
// A kernel image is as hostile as a guest: it may come from a tenant. So every header field is checked where it is
// read, sums are computed with their overflow, and a placement happens only where the `MemoryLedger` finds RAM that
// nobody has. Kernel and initrd never pass through our own memory: headers are read by the few KiB, and the rest goes
// from the page cache into guest memory in one copy.

/// A kernel, its initrd and its command line, and the machine they are for.
///
/// A pure value: planning reads nothing but this, and gives the same plan each time. Keep it, or its plan, to load the
/// kernel again after a reset.
package struct DirectBoot: Sendable {
    package let kernel: KernelImage
    package let initrd: ImageFile?
    package let commandLine: String
    package let memoryMap: [MemoryMapEntry]
    package let rootPointer: GuestAddress?

    /// `rootPointer` is where the board puts the ACPI RSDP, nil for a machine without ACPI.
    package init(
        kernel: KernelImage, initrd: ImageFile? = nil, commandLine: String = "", memoryMap: [MemoryMapEntry],
        rootPointer: GuestAddress? = nil
    ) {
        self.kernel = kernel
        self.initrd = initrd
        self.commandLine = commandLine
        self.memoryMap = memoryMap
        self.rootPointer = rootPointer
    }

    /// Decides who lies where.
    package func plan() throws(FirmwareError) -> BootPlan {
        guard memoryMap.count <= BootParameters.memoryMapLimit else {
            throw .memoryMapTooLong(count: memoryMap.count, limit: BootParameters.memoryMapLimit)
        }
        var ledger = MemoryLedger(memoryMap)
        do throws(MemoryLedger.Refusal) {
            try ledger.claim(LowMemory.bootData, for: "the boot structures")
        } catch {
            throw .noLowMemory(LowMemory.bootData)
        }
        switch kernel.format {
        case .bzImage(let image): return try plan(image, &ledger)
        case .elf(let image): return try plan(image, &ledger)
        }
    }

    /// The command line with its NUL, if a kernel that takes `limit` bytes can have it.
    func commandLineBytes(limit: Int) throws(FirmwareError) -> [UInt8] {
        var bytes = Array(commandLine.utf8)
        // Our room holds the NUL too.
        let limit = min(limit, LowMemory.commandLine.count - 1)
        guard bytes.count <= limit else { throw .commandLineTooLong(length: bytes.count, limit: limit) }
        if let offset = bytes.firstIndex(of: 0) { throw .commandLineHasNUL(offset: offset) }
        bytes.append(0)
        return bytes
    }

    /// The initrd's place: as high as the kernel takes it, so that it is out of the way of whatever grows upwards.
    func placeInitrd(
        _ windows: [AddressRange], _ ledger: inout MemoryLedger, kernel: AddressRange
    ) throws(FirmwareError) -> AddressRange? {
        guard let initrd else { return nil }
        let page: UInt64 = 4096
        for window in windows {
            if let range = ledger.highest(initrd.size, alignedTo: page, in: window) {
                // It was found free, so this claim cannot be refused.
                try? ledger.claim(range, for: "the initrd")
                return range
            }
        }
        throw .initrdTooLarge(
            file: initrd.path, size: initrd.size, mebibytes: memoryFor(initrd.size, windows, ledger, after: kernel))
    }

    /// The `-m` with which an initrd of `size` bytes fits above the kernel, or nil where the kernel's own limit or the
    /// end of low memory forbids it.
    private func memoryFor(
        _ size: UInt64, _ windows: [AddressRange], _ ledger: MemoryLedger, after kernel: AddressRange
    ) -> UInt64? {
        guard let end = AddressRange(start: kernel.upperBound, count: size)?.upperBound,
            windows.contains(where: { $0.upperBound >= end })
        else { return nil }
        return ledger.mebibytes(toReach: end)
    }
}
