/// A kernel file that direct boot can enter, recognised and checked.
///
/// Recognition reads the first 4 KiB, and for an ELF file its program headers and notes; the rest of the file is not
/// touched before it is loaded.
package struct KernelImage: Sendable {
    package enum Format: Sendable {
        case bzImage(BzImage)
        case elf(ELFImage)
    }

    package let file: ImageFile
    package let format: Format

    /// Long enough for a setup header (which ends by 0x301), an ELF header and the magic of an ext4 image.
    private static let headSize = 4096

    package init(_ file: ImageFile) throws(FirmwareError) {
        let head = try file.head(count: Self.headSize)
        self.file = file
        // A bzImage is first: with an EFI stub it is a valid PE file at the same time.
        if BzImage.recognises(head) {
            format = .bzImage(try BzImage(head, of: file.path, size: file.size))
        } else if ELFImage.recognises(head) {
            format = .elf(try ELFImage(head, of: file))
        } else {
            throw .notAKernel(file: file.path, found: try ForeignImage.name(of: file, head))
        }
    }

    /// Opens and recognises `path`.
    package init(path: String) throws(FirmwareError) {
        try self.init(ImageFile(path: path))
    }
}
