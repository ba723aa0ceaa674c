/// The notes of one PT_NOTE segment: records of name, type and contents.
///
/// One of them makes an ELF kernel a PVH kernel: name "Xen", type XEN_ELFNOTE_PHYS32_ENTRY, contents the physical
/// address of a 32-bit entry point (Xen docs/misc/pvh.pandoc).
struct ELFNotes {
    private let bytes: HeaderBytes
    /// To which name and contents are padded.
    private let alignment: Int

    private static let phys32Entry: UInt32 = 18
    /// Linux' notes take a few hundred bytes; more than this is not read.
    private static let sizeLimit: UInt64 = 1 << 16

    /// Reads the notes that program header `index`, at `position` of `table`, describes.
    init(_ table: HeaderBytes, at position: Int, _ index: Int, of file: ImageFile) throws(FirmwareError) {
        let size = try table.u64(position + 32)
        guard size <= Self.sizeLimit else {
            throw .malformed(file: file.path, problem: "its notes (program header \(index)) take \(size) bytes")
        }
        let range = try ELFImage.fileRange(table, at: position, index, count: size, size: file.size)
        // An empty segment may state any offset, so it is not looked at.
        let content = range.isEmpty ? [] : try file.bytes(at: range.lowerBound, count: Int(size), what: "its notes")
        bytes = HeaderBytes(content, of: file.path, what: "its notes", origin: range.lowerBound)
        // Everything is padded to 4 bytes even in 64-bit files, except where p_align says 8.
        alignment = try table.u64(position + 48) == 8 ? 8 : 4
    }

    /// The PVH entry point, or nil where no note gives one.
    func pvhEntry() throws(FirmwareError) -> UInt64? {
        var position = 0
        // Sizes are 32-bit numbers of the file: their sums fit an Int, and each turn moves on by at least 12 bytes.
        while position + 12 <= bytes.bytes.count {
            let nameSize = Int(try bytes.u32(position))
            let contentSize = Int(try bytes.u32(position + 4))
            let type = try bytes.u32(position + 8)
            let name = position + 12
            let content = padded(name + nameSize)
            let end = content + contentSize
            guard end <= bytes.bytes.count else {
                throw .malformed(file: bytes.file, problem: "a note at byte \(position) of its notes passes their end")
            }
            if type == Self.phys32Entry, bytes.bytes[name..<name + nameSize].elementsEqual("Xen\0".utf8) {
                return try entry(at: content, size: contentSize)
            }
            position = padded(end)
        }
        return nil
    }

    /// The note's contents: 4 bytes, or 8 from a 64-bit assembler, of which only the lower half can be entered.
    private func entry(at content: Int, size: Int) throws(FirmwareError) -> UInt64 {
        let address =
            switch size {
            case 4: UInt64(try bytes.u32(content))
            case 8: try bytes.u64(content)
            default: throw FirmwareError.malformed(file: bytes.file, problem: "its PVH note has \(size) bytes")
            }
        guard address <= UInt64(UInt32.max) else {
            throw .malformed(
                file: bytes.file, problem: "its PVH entry point 0x\(String(address, radix: 16)) is above 4 GiB")
        }
        return address
    }

    private func padded(_ offset: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }
}
