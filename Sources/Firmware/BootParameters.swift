import Memory

/// `struct boot_params`, Linux' "zero page": the kernel's setup header with a loader's answers filled in, the memory
/// map and the place of the initrd (Linux Documentation/arch/x86/zero-page.rst).
struct BootParameters {
    private var page = BootStructure(size: 4096)

    /// How many memory map entries the page holds (E820_MAX_ENTRIES_ZEROPAGE).
    static let memoryMapLimit = 128

    private enum Offset {
        static let rootPointer = 0x070
        static let initrdAddressHigh = 0x0c0
        static let initrdSizeHigh = 0x0c4
        static let memoryMapCount = 0x1e8
        static let videoMode = 0x1fa
        static let bootFlag = 0x1fe
        static let headerMagic = 0x202
        static let version = 0x206
        static let loaderType = 0x210
        static let loadFlags = 0x211
        static let codeStart = 0x214
        static let initrdAddress = 0x218
        static let initrdSize = 0x21c
        static let commandLine = 0x228
        static let kernelAlignment = 0x230
        static let setupData = 0x250
        static let memoryMap = 0x2d0
    }

    /// For a bzImage loaded at `address`: its own header, then our answers.
    init(for kernel: BzImage, at address: UInt64) {
        page.put(kernel.setupHeader[...], at: BzImage.headerStart)
        // LOADED_HIGH alone: CAN_USE_HEAP and the rest speak to the setup code, which does not run.
        page.put(UInt8(1), at: Offset.loadFlags)
        page.put(UInt32(truncatingIfNeeded: address), at: Offset.codeStart)
        page.put(UInt32(0), at: Offset.initrdAddress)
        page.put(UInt32(0), at: Offset.initrdSize)
        // A list head for loaders to fill; what an image has there would be taken for a guest address.
        page.put(UInt64(0), at: Offset.setupData)
        putCommonAnswers()
    }

    /// For a kernel that was entered as an ELF file and has no header of its own: the fields that Linux looks at.
    init() {
        page.put(UInt16(0xaa55), at: Offset.bootFlag)
        page.put(UInt32(0x5372_6448), at: Offset.headerMagic)
        // What Linux itself states when it was entered by PVH.
        page.put(UInt16(0x020c), at: Offset.version)
        page.put(UInt8(1), at: Offset.loadFlags)
        page.put(UInt32(0x100_0000), at: Offset.kernelAlignment)
        putCommonAnswers()
    }

    private mutating func putCommonAnswers() {
        // A loader without an assigned number.
        page.put(UInt8(0xff), at: Offset.loaderType)
        // "normal": leave the display as it is.
        page.put(UInt16(0xffff), at: Offset.videoMode)
        page.put(UInt32(LowMemory.commandLine.lowerBound), at: Offset.commandLine)
    }

    mutating func setInitrd(_ range: AddressRange) {
        let size = range.upperBound - range.lowerBound
        page.put(UInt32(truncatingIfNeeded: range.lowerBound), at: Offset.initrdAddress)
        page.put(UInt32(truncatingIfNeeded: size), at: Offset.initrdSize)
        page.put(UInt32(truncatingIfNeeded: range.lowerBound >> 32), at: Offset.initrdAddressHigh)
        page.put(UInt32(truncatingIfNeeded: size >> 32), at: Offset.initrdSizeHigh)
    }

    /// The ACPI root pointer; kernels before 5.0 do not look here and scan the BIOS area.
    mutating func setRootPointer(_ address: GuestAddress) {
        page.put(address.rawValue, at: Offset.rootPointer)
    }

    /// `map` has at most `memoryMapLimit` entries.
    mutating func setMemoryMap(_ map: [MemoryMapEntry]) {
        page.put(UInt8(truncatingIfNeeded: map.count), at: Offset.memoryMapCount)
        for (index, entry) in map.prefix(Self.memoryMapLimit).enumerated() {
            let offset = Offset.memoryMap + index * 20
            page.put(entry.range.start.rawValue, at: offset)
            page.put(entry.range.count, at: offset + 8)
            page.put(entry.kind.rawValue, at: offset + 16)
        }
    }

    var bytes: [UInt8] { page.bytes }
}
