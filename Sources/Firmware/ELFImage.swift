/// A 64-bit ELF kernel for x86, such as Linux' `vmlinux` or a unikernel: segments with physical addresses, and an entry
/// point for 64-bit mode or, by a note, for PVH.
///
/// All numbers were checked against each other and the file's size when this value was made (System V ABI, "Object
/// Files" and "Program Loading"); whether the addresses are RAM is for the planner.
package struct ELFImage: Sendable {
    struct Segment: Sendable {
        /// Where its bytes are in the file; may be empty.
        let file: AddressRange
        /// Where it lies in guest memory; what the file does not fill is zero. Not empty.
        let memory: AddressRange
    }

    /// `e_entry`, taken as a physical address, as `vmlinux` means it.
    let entry: UInt64
    /// The 32-bit entry point of XEN_ELFNOTE_PHYS32_ENTRY.
    package let pvhEntry: UInt64?
    /// The loadable segments, in the file's order.
    let segments: [Segment]

    /// Linux has 5 program headers; a bound keeps a hostile file from making us read and compare for long.
    static let headerLimit = 128
    private static let headerSize = 56
    private static let executable: UInt16 = 2
    private static let positionIndependent: UInt16 = 3
    private static let x86_64: UInt16 = 62
    private static let load: UInt32 = 1
    private static let interpreter: UInt32 = 3
    private static let note: UInt32 = 4

    static func recognises(_ head: [UInt8]) -> Bool { head.starts(with: [0x7f, 0x45, 0x4c, 0x46]) }

    init(_ head: [UInt8], of file: ImageFile) throws(FirmwareError) {
        let header = HeaderBytes(head, of: file.path, what: "the ELF header")
        try Self.checkIdentity(header)
        let table = try Self.programHeaders(header, of: file)

        var segments: [Segment] = []
        var pvhEntry: UInt64?
        for index in 0..<table.bytes.count / Self.headerSize {
            let position = index * Self.headerSize
            switch try table.u32(position) {
            case Self.load:
                if let segment = try Self.segment(table, at: position, index, size: file.size) {
                    segments.append(segment)
                }
            case Self.interpreter:
                throw .notAKernel(file: file.path, found: "a dynamically linked program")
            case Self.note:
                let notes = try ELFNotes(table, at: position, index, of: file)
                if pvhEntry == nil { pvhEntry = try notes.pvhEntry() }
            default:
                break
            }
        }
        guard !segments.isEmpty else { throw .malformed(file: file.path, problem: "it has nothing to load") }
        entry = try header.u64(24)
        self.segments = segments
        self.pvhEntry = pvhEntry
        let start = pvhEntry ?? entry
        guard segments.contains(where: { $0.memory.contains(start) }) else {
            throw .malformed(
                file: file.path, problem: "its entry point 0x\(String(start, radix: 16)) lies in no loaded segment")
        }
    }

    /// Class, byte order, type and machine; another architecture's kernel is a mistake that deserves its name.
    private static func checkIdentity(_ header: HeaderBytes) throws(FirmwareError) {
        let is64Bit = try header.u8(4) == 2
        let isLittleEndian = try header.u8(5) == 1
        guard is64Bit, isLittleEndian, try header.u16(18) == x86_64 else {
            throw .notAKernel(file: header.file, found: try ForeignImage.elf(header))
        }
        let type = try header.u16(16)
        guard type == executable || type == positionIndependent else {
            throw .notAKernel(file: header.file, found: "an ELF file that cannot be run (e_type \(type))")
        }
    }

    private static func programHeaders(_ header: HeaderBytes, of file: ImageFile) throws(FirmwareError) -> HeaderBytes {
        let offset = try header.u64(32)
        let size = Int(try header.u16(54))
        let count = Int(try header.u16(56))
        guard size == headerSize else {
            throw .malformed(file: file.path, problem: "e_phentsize is \(size), not \(headerSize)")
        }
        guard (1...headerLimit).contains(count) else {
            throw .malformed(file: file.path, problem: "e_phnum is \(count), not 1 to \(headerLimit)")
        }
        let what = "the program header table"
        let bytes = try file.bytes(at: offset, count: count * headerSize, what: what)
        return HeaderBytes(bytes, of: file.path, what: what, origin: offset)
    }

    /// One PT_LOAD header; nil for an empty segment.
    private static func segment(
        _ table: HeaderBytes, at position: Int, _ index: Int, size: UInt64
    ) throws(FirmwareError) -> Segment? {
        let memorySize = try table.u64(position + 40)
        guard memorySize > 0 else { return nil }
        let fileSize = try table.u64(position + 32)
        guard fileSize <= memorySize else {
            throw .malformed(file: table.file, problem: "segment \(index) has more bytes in the file than in memory")
        }
        guard let memory = AddressRange(start: try table.u64(position + 24), count: memorySize) else {
            throw .malformed(file: table.file, problem: "segment \(index) passes the end of the address space")
        }
        let bytes = try fileRange(table, at: position, index, count: fileSize, size: size)
        return Segment(file: bytes, memory: memory)
    }

    /// Where the bytes of program header `index` lie in a file of `size` bytes.
    static func fileRange(
        _ table: HeaderBytes, at position: Int, _ index: Int, count: UInt64, size: UInt64
    ) throws(FirmwareError) -> AddressRange {
        guard let bytes = AddressRange(start: try table.u64(position + 8), count: count) else {
            throw .malformed(file: table.file, problem: "p_offset of program header \(index) is absurd")
        }
        // A segment without bytes may state any offset: nothing is read there.
        guard bytes.isEmpty || bytes.upperBound <= size else {
            throw .truncated(
                file: table.file, what: "program header \(index)", needed: bytes.upperBound, size: size)
        }
        return bytes
    }
}
