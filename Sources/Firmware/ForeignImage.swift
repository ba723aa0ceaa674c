/// Names for what is given as a kernel by mistake, so that the refusal says what the file really is.
enum ForeignImage {
    /// Bytes at an offset by which a format is known.
    private struct Magic {
        let offset: Int
        let bytes: [UInt8]
        let name: String

        init(_ offset: Int, _ bytes: [UInt8], _ name: String) {
            self.offset = offset
            self.bytes = bytes
            self.name = name
        }

        init(_ offset: Int, _ text: String, _ name: String) { self.init(offset, Array(text.utf8), name) }

        func matches(_ head: [UInt8]) -> Bool {
            head.count >= offset + bytes.count && head[offset..<offset + bytes.count].elementsEqual(bytes)
        }
    }

    /// The first match counts: kernels of other machines precede the PE format that they are wrapped in, and the
    /// boot-sector mark is last.
    private static let magics = [
        Magic(0x38, "ARM\u{64}", "an aarch64 kernel (Image)"),
        Magic(0x38, [0x52, 0x53, 0x43, 0x05], "a RISC-V kernel (Image)"),
        Magic(0, [0x1f, 0x8b], "a gzip-compressed file"),
        Magic(0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "an xz-compressed file"),
        Magic(0, [0x28, 0xb5, 0x2f, 0xfd], "a zstd-compressed file"),
        Magic(0, [0x04, 0x22, 0x4d, 0x18], "an lz4-compressed file"),
        Magic(0, [0x02, 0x21, 0x4c, 0x18], "an lz4-compressed file"),
        Magic(0, "BZh", "a bzip2-compressed file"),
        Magic(0, [0x5d, 0x00, 0x00], "an lzma-compressed file"),
        Magic(0, [0x89, 0x4c, 0x5a, 0x4f], "an lzop-compressed file"),
        Magic(0, [0x27, 0x05, 0x19, 0x56], "a U-Boot image (uImage)"),
        Magic(0, [0xd0, 0x0d, 0xfe, 0xed], "a flattened device tree"),
        Magic(0, "ANDROID!", "an Android boot image"),
        Magic(0, "07070", "a cpio archive (an initrd?)"),
        Magic(0, [0x51, 0x46, 0x49, 0xfb], "a qcow2 disk image"),
        Magic(0, "hsqs", "a squashfs image"),
        Magic(0, "PK\u{3}\u{4}", "a zip archive"),
        Magic(0, "!<arch>\n", "an ar archive or a Debian package"),
        Magic(0x101, "ustar", "a tar archive"),
        Magic(0x438, [0x53, 0xef], "an ext2, ext3 or ext4 file system image"),
        Magic(0, "XFSB", "an XFS file system image"),
        Magic(0x200, "EFI PART", "a disk image (GPT)"),
        Magic(0, "#!", "a script"),
    ]
    private static let bootSector = Magic(0x1fe, [0x55, 0xaa], "a disk image or boot sector")
    private static let iso = Magic(0x8001, "CD001", "an ISO 9660 (CD-ROM) image")
    /// Multiboot headers may begin this far into a file (Multiboot 0.6.96 §3.1; Multiboot2 §3.1.1 says 32 KiB).
    private static let searched = 0x9000

    /// What `file`, which begins with `head`, is, with its article.
    static func name(of file: ImageFile, _ head: [UInt8]) throws(FirmwareError) -> String {
        if let magic = magics.first(where: { $0.matches(head) }) { return magic.name }
        if head.starts(with: "MZ".utf8) { return executable(head) }
        if head.allSatisfy({ $0 == 0 }) { return iso(try file.head(count: searched)) ?? "a file of zero bytes" }
        if head.allSatisfy(isText) { return "a text file" }
        let more = try file.head(count: searched)
        if let name = multiboot(more) { return name }
        if iso.matches(more) { return iso.name }
        return bootSector.matches(head) ? bootSector.name : "a file of unknown format"
    }

    private static func iso(_ head: [UInt8]) -> String? { iso.matches(head) ? iso.name : nil }

    /// A PE file: the COFF header that e_lfanew points to names the machine (Microsoft PE/COFF, "Machine Types").
    private static func executable(_ head: [UInt8]) -> String {
        let header = HeaderBytes(head, of: "", what: "")
        guard let start = try? header.u32(0x3c), start < 1 << 20, let signature = try? header.u32(Int(start)),
            signature == 0x4550, let machine = try? header.u16(Int(start) + 4)
        else { return "a DOS or Windows program" }
        let names: [UInt16: String] = [
            0x014c: "x86 (32-bit)", 0x8664: "x86-64", 0xaa64: "aarch64", 0x01c2: "ARM", 0x01c4: "ARM",
            0x5064: "RISC-V", 0x6264: "LoongArch",
        ]
        return "an EFI or Windows program for \(names[machine] ?? "machine 0x" + String(machine, radix: 16))"
    }

    /// An ELF file that is not for this machine.
    static func elf(_ header: HeaderBytes) throws(FirmwareError) -> String {
        let is32Bit = try header.u8(4) == 1
        let isBigEndian = try header.u8(5) == 2
        let stored = try header.u16(18)
        let machine = isBigEndian ? stored.byteSwapped : stored
        let names: [UInt16: String] = [
            2: "SPARC", 3: "x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S/390", 40: "ARM", 43: "SPARC64",
            62: "x86-64", 183: "aarch64", 243: "RISC-V", 258: "LoongArch",
        ]
        let width = is32Bit ? "32-bit" : "64-bit"
        let order = isBigEndian ? " big-endian" : ""
        let boot = multiboot(header.bytes) == nil ? "" : " with a Multiboot header"
        return "a \(width)\(order) ELF file for \(names[machine] ?? "machine \(machine)")\(boot)"
    }

    /// Multiboot's magic and checksum, which add up to zero, in the first part of a file.
    private static func multiboot(_ bytes: [UInt8]) -> String? {
        let words = HeaderBytes(bytes, of: "", what: "")
        for offset in stride(from: 0, through: max(0, bytes.count - 16), by: 4) {
            guard let magic = try? words.u32(offset) else { return nil }
            if magic == 0x1bad_b002, offset < 8192, let flags = try? words.u32(offset + 4),
                let checksum = try? words.u32(offset + 8), magic &+ flags &+ checksum == 0
            {
                return "a Multiboot kernel"
            }
            if magic == 0xe852_50d6 { return "a Multiboot2 kernel" }
        }
        return nil
    }

    private static func isText(_ byte: UInt8) -> Bool {
        (0x20...0x7e).contains(byte) || (0x09...0x0d).contains(byte) || byte >= 0x80
    }
}
