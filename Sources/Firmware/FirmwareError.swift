package import Host
package import Memory

/// Why a kernel cannot be booted directly.
///
/// `file` is the path as the user gave it. Every message is one sentence about what was given and what is allowed.
package enum FirmwareError: Error, Equatable, Sendable {
    /// The file could not be opened.
    case cannotOpen(file: String, errno: Errno)
    /// The path names something that has no bytes at fixed offsets: a directory, a pipe, a device.
    case notAFile(file: String, found: String)
    /// The file has no bytes at all.
    case empty(file: String)
    /// Reading at `offset` failed.
    case cannotRead(file: String, offset: UInt64, errno: Errno)
    /// The file is something else than a kernel that can be entered directly; `found` says what, with its article.
    case notAKernel(file: String, found: String)
    /// The file ends at byte `size`, but `what` reaches up to byte `needed`.
    case truncated(file: String, what: String, needed: UInt64, size: UInt64)
    /// A header field has a value that no sound kernel has; `problem` is a clause ("e_phnum is 0").
    case malformed(file: String, problem: String)
    /// A kernel of a known kind that needs something direct boot does not offer; `reason` is a clause.
    case unsupported(file: String, reason: String)
    /// The kernel would run with more memory.
    case kernelNeedsMemory(file: String, mebibytes: UInt64)
    /// The kernel wants memory where this machine has none, whatever `-m` says.
    case outsideMemory(file: String, range: AddressRange)
    /// A part of the kernel lies on something that is already there.
    case overlaps(file: String, range: AddressRange, other: String)
    /// The initrd does not fit beside the kernel; nil where more memory would not help.
    case initrdTooLarge(file: String, size: UInt64, mebibytes: UInt64?)
    /// The command line is longer than this kernel takes.
    case commandLineTooLong(length: Int, limit: Int)
    /// The command line has a NUL byte, where the kernel would see it end.
    case commandLineHasNUL(offset: Int)
    /// The board's memory map has more entries than a boot protocol can carry.
    case memoryMapTooLong(count: Int, limit: Int)
    /// The board's memory map offers no RAM for the boot structures.
    case noLowMemory(AddressRange)
    /// Guest memory refused a write that the plan had checked: the board's map and its memory differ.
    case cannotWrite(what: String, MemoryError)
}

extension FirmwareError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotOpen(let file, let errno):
            "Cannot open \(file): \(errno)."
        case .notAFile(let file, let found):
            "\(file) is \(found), but a kernel or initrd must be a regular file or a block device."
        case .empty(let file):
            "\(file) is empty."
        case .cannotRead(let file, let offset, let errno):
            "Cannot read \(file) at byte \(offset): \(errno)."
        case .notAKernel(let file, let found):
            "\(file) is \(found), but -kernel takes an x86 bzImage or a 64-bit x86 ELF kernel."
        case .truncated(let file, let what, let needed, let size):
            "\(file) is truncated: it ends at byte \(size), but \(what) reaches up to byte \(needed)."
        case .malformed(let file, let problem):
            "\(file) is not a sound kernel: \(problem)."
        case .unsupported(let file, let reason):
            "\(file) cannot be booted directly: \(reason)."
        case .kernelNeedsMemory(let file, let mebibytes):
            "The kernel \(file) needs more memory: use at least -m \(mebibytes)M."
        case .outsideMemory(let file, let range):
            "The kernel \(file) wants memory at \(range.hexadecimal), where this machine has no RAM."
        case .overlaps(let file, let range, let other):
            "The kernel \(file) wants memory at \(range.hexadecimal), which holds \(other)."
        case .initrdTooLarge(let file, let size, let mebibytes?):
            "The initrd \(file) of \(size) bytes does not fit beside the kernel: use at least -m \(mebibytes)M."
        case .initrdTooLarge(let file, let size, nil):
            "The initrd \(file) of \(size) bytes does not fit where this kernel accepts one."
        case .commandLineTooLong(let length, let limit):
            "The kernel command line (-append) has \(length) bytes, but this kernel takes at most \(limit)."
        case .commandLineHasNUL(let offset):
            "The kernel command line (-append) has a NUL byte at offset \(offset), which is not allowed."
        case .memoryMapTooLong(let count, let limit):
            "The machine's memory map has \(count) entries, but the boot protocol carries at most \(limit)."
        case .noLowMemory(let range):
            "The machine's memory map has no RAM at \(range.hexadecimal), where the boot structures belong."
        case .cannotWrite(let what, let error):
            "Cannot place \(what) in guest memory: \(error)"
        }
    }
}
