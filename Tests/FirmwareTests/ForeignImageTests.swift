import Firmware
import Glibc
import Host
import Testing

@Suite("What is not a kernel")
struct ForeignImageTests {
    private func found(_ bytes: [UInt8]) throws -> String {
        do {
            _ = try KernelImage(ScratchFile().image(bytes))
            return "a kernel"
        } catch FirmwareError.notAKernel(_, let found) {
            return found
        }
    }

    /// Zeros with `magic` at `offset`.
    private func file(_ magic: [UInt8], at offset: Int = 0, size: Int = 40000) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        bytes.replaceSubrange(offset..<offset + magic.count, with: magic)
        return bytes
    }

    @Test("A compressed file, a foreign kernel, a disk image: each is called by its name")
    func names() throws {
        #expect(try found(file([0x1f, 0x8b])) == "a gzip-compressed file")
        #expect(try found(file([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])) == "an xz-compressed file")
        #expect(try found(file([0x28, 0xb5, 0x2f, 0xfd])) == "a zstd-compressed file")
        #expect(try found(file([0x04, 0x22, 0x4d, 0x18])) == "an lz4-compressed file")
        #expect(try found(file(Array("BZh9".utf8))) == "a bzip2-compressed file")
        #expect(try found(file(Array("ARM\u{64}".utf8), at: 0x38)) == "an aarch64 kernel (Image)")
        #expect(try found(file([0x53, 0xef], at: 0x438)) == "an ext2, ext3 or ext4 file system image")
        #expect(try found(file(Array("CD001".utf8), at: 0x8001)) == "an ISO 9660 (CD-ROM) image")
        #expect(try found(file([0x55, 0xaa], at: 0x1fe)) == "a disk image or boot sector")
        #expect(try found(file(Array("070701".utf8))) == "a cpio archive (an initrd?)")
        #expect(try found(Array("#!/bin/sh\nexit\n".utf8)) == "a script")
        #expect(try found(Array("console=ttyS0\n".utf8)) == "a text file")
        #expect(try found(file([0])) == "a file of zero bytes")
        #expect(try found(file([1, 2, 3])) == "a file of unknown format")
        #expect(try found([0x7f]) == "a file of unknown format")
    }

    @Test("An EFI program is told from a kernel by its machine")
    func efiPrograms() throws {
        var program = file(Array("MZ".utf8))
        program[0x3c] = 0x80
        program.replaceSubrange(0x80..<0x86, with: [0x50, 0x45, 0, 0, 0x64, 0x86])
        #expect(try found(program) == "an EFI or Windows program for x86-64")
        program.replaceSubrange(0x84..<0x86, with: [0x64, 0xaa])
        #expect(try found(program) == "an EFI or Windows program for aarch64")
        program.replaceSubrange(0x3c..<0x40, with: [0xff, 0xff, 0xff, 0xff])
        #expect(try found(program) == "a DOS or Windows program")
    }

    @Test("An ELF file of another width, byte order or machine is called by all three")
    func foreignELF() throws {
        var image = SyntheticELF()
        image.elfClass = 1
        image.machine = 3
        #expect(try found(image.bytes) == "a 32-bit ELF file for x86")
        var multiboot = image.bytes + file([0x02, 0xb0, 0xad, 0x1b, 0, 0, 0, 0, 0xfe, 0x4f, 0x52, 0xe4])
        multiboot.removeSubrange(image.bytes.count & ~3..<image.bytes.count)
        #expect(try found(multiboot) == "a 32-bit ELF file for x86 with a Multiboot header")
        image.elfClass = 2
        image.machine = 183
        #expect(try found(image.bytes) == "a 64-bit ELF file for aarch64")
        image.byteOrder = 2
        image.machine = UInt16(21).byteSwapped
        #expect(try found(image.bytes) == "a 64-bit big-endian ELF file for PowerPC64")
        var relocatable = SyntheticELF()
        relocatable.type = 1
        #expect(try found(relocatable.bytes) == "an ELF file that cannot be run (e_type 1)")
    }

    @Test("An empty file, a directory, a device and a missing file get their sentences")
    func notFiles() throws {
        #expect(message { _ = try ScratchFile().image([]) } == "image is empty.")
        let rule = "but a kernel or initrd must be a regular file or a block device."
        #expect(message { _ = try ImageFile(path: "/") } == "/ is a directory, \(rule)")
        #expect(message { _ = try ImageFile(path: "/dev/null") } == "/dev/null is a character device, \(rule)")
        #expect(
            message { _ = try ImageFile(path: "/nonexistent/vmlinuz") }
                == "Cannot open /nonexistent/vmlinuz: No such file or directory.")
    }

    @Test("Old protocols and zImages are refused with the reason")
    func oldKernels() throws {
        var image = SyntheticBzImage()
        image.version = 0x0209
        let old = image.bytes
        #expect(
            message { _ = try KernelImage(ScratchFile().image(old)) }
                == "image cannot be booted directly: it speaks boot protocol 2.9, older than 2.10.")
        image.version = 0x020f
        image.loadFlags = 0
        let low = image.bytes
        #expect(throws: FirmwareError.self) { try KernelImage(ScratchFile().image(low)) }
    }
}
