/// A Linux kernel in the form that distributions ship: real-mode setup code with a header, then a kernel that unpacks
/// itself.
///
/// The compression (gzip, xz, lz4, zstd, …) is the kernel's own business. The setup code, which asks a BIOS, is left
/// out: the kernel proper is entered directly, in long mode, or in protected mode where the kernel is a 32-bit one.
/// All fields were checked when this value was made (Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel
/// Header").
package struct BzImage: Sendable {
    /// The setup header as it stands in the file, from byte 0x1f1.
    let setupHeader: [UInt8]
    /// Where the protected-mode kernel begins in the file, and how long it is.
    let payload: AddressRange
    /// The kernel has the 64-bit entry point, 0x200 bytes into the payload.
    package let is64Bit: Bool
    /// The kernel is a 64-bit one that reads the upper halves of the initrd's address and size.
    let acceptsHighInitrd: Bool
    let isRelocatable: Bool
    /// A power of two.
    let alignment: UInt64
    let preferredAddress: UInt64
    /// Bytes that must be RAM from the load address on until the kernel has found its memory map.
    let memorySize: UInt64
    /// The highest address that a byte of the initrd may have, unless `acceptsHighInitrd`.
    let initrdLast: UInt64
    /// Bytes, without the NUL.
    let commandLineLimit: Int

    static let headerStart = 0x1f1
    /// Where the header's room in the boot parameters ends. A longer header from a future kernel is cut there.
    static let headerRoom = 0x290
    static let entry64Offset: UInt64 = 0x200
    private static let sector: UInt64 = 512
    /// Protocol 2.10 (Linux 2.6.31) brought the preferred address and the memory size, without which a loader guesses.
    private static let oldestVersion: UInt16 = 0x020a

    /// Whether a file's first bytes are those of an x86 Linux kernel.
    static func recognises(_ head: [UInt8]) -> Bool {
        head.count >= 0x206 && head[0x1fe..<0x200].elementsEqual([0x55, 0xaa])
            && head[0x202..<0x206].elementsEqual("HdrS".utf8)
    }

    /// Reads the header from the first bytes of `file`.
    init(_ head: [UInt8], of file: String, size: UInt64) throws(FirmwareError) {
        let header = HeaderBytes(head, of: file, what: "the setup header")
        let version = try header.u16(0x206)
        guard version >= Self.oldestVersion else {
            throw .unsupported(
                file: file, reason: "it speaks boot protocol \(version >> 8).\(version & 0xff), older than 2.10")
        }
        guard try header.u8(0x211) & 1 != 0 else {
            throw .unsupported(file: file, reason: "it is a zImage, which loads below 1 MiB, rather than a bzImage")
        }
        let xloadflags = version >= 0x020c ? try header.u16(0x236) : 0
        is64Bit = xloadflags & 1 << 0 != 0
        acceptsHighInitrd = xloadflags & 0b11 == 0b11
        isRelocatable = try header.u8(0x234) != 0
        alignment = UInt64(try header.u32(0x230))
        preferredAddress = try header.u64(0x258)
        initrdLast = UInt64(try header.u32(0x22c))
        commandLineLimit = Int(try header.u32(0x238))
        payload = try Self.payload(header, size: size)
        memorySize = max(UInt64(try header.u32(0x260)), payload.upperBound - payload.lowerBound)
        setupHeader = try Self.setupHeader(header)

        guard alignment.nonzeroBitCount == 1 else {
            throw .malformed(file: file, problem: "kernel_alignment is \(alignment), not a power of two")
        }
        guard isRelocatable || preferredAddress >= LowMemory.highMemory else {
            throw .malformed(file: file, problem: "pref_address is below 1 MiB, and it cannot be relocated")
        }
    }

    /// The header reaches as far as the jump at 0x200 leaps over it.
    private static func setupHeader(_ header: HeaderBytes) throws(FirmwareError) -> [UInt8] {
        let end = 0x202 + Int(try header.u8(0x201))
        // 0x264 is where init_size ends, the last field that protocol 2.10 promises.
        guard try header.u8(0x200) == 0xeb, end >= 0x264 else {
            throw .malformed(file: header.file, problem: "the jump at byte 0x200 does not lead past the setup header")
        }
        // Reading the last byte first turns a short file into the right error.
        _ = try header.u8(min(end, headerRoom) - 1)
        return Array(header.bytes[headerStart..<min(end, headerRoom)])
    }

    private static func payload(_ header: HeaderBytes, size: UInt64) throws(FirmwareError) -> AddressRange {
        let sectors = UInt64(try header.u8(0x1f1))
        // 0 stands for 4, from the days before there was a field; one more sector holds the boot sector itself.
        let start = ((sectors == 0 ? 4 : sectors) + 1) * sector
        let paragraphs = UInt64(try header.u32(0x1f4))
        guard paragraphs > 0 else { throw .malformed(file: header.file, problem: "syssize is 0") }
        // Counted in units of 16 bytes, rounded up: the file may end within the last one. It may also go on, with a
        // signature.
        let end = start + paragraphs * 16
        guard size > end - 16 else {
            throw .truncated(file: header.file, what: "the kernel after its setup code", needed: end, size: size)
        }
        let payload = start..<min(end, size)
        guard payload.upperBound - payload.lowerBound > entry64Offset else {
            throw .malformed(file: header.file, problem: "syssize leaves no room for the entry point")
        }
        return payload
    }

    /// Where the kernel goes: at the address it prefers, or as low as it fits.
    func place(in ledger: MemoryLedger, file: String) throws(FirmwareError) -> AddressRange {
        // The kernel unpacks itself no lower than its preferred address wherever it was loaded, so nothing below helps.
        let floor = max(preferredAddress, LowMemory.highMemory)
        let window = UInt64(0)..<1 << 32
        if let start = isRelocatable ? floor.aligned(up: alignment) : floor,
            let wanted = AddressRange(start: start, count: memorySize)
        {
            if wanted.upperBound <= window.upperBound, ledger.isFree(wanted) { return wanted }
            if isRelocatable, floor < window.upperBound,
                let found = ledger.lowest(memorySize, alignedTo: alignment, in: floor..<window.upperBound)
            {
                return found
            }
            throw ledger.shortage(of: wanted, file: file)
        }
        throw .malformed(file: file, problem: "pref_address is 0x\(String(preferredAddress, radix: 16))")
    }
}
