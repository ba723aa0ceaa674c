internal import CLinux
internal import Memory

/// One entry of a descriptor table: our copy (virtio 1.2 §2.7.5).
struct Descriptor {
    struct Flags: OptionSet {
        let rawValue: UInt16

        /// `next` is valid.
        static let next = Flags(rawValue: 1)
        /// The device writes this buffer; otherwise it reads it.
        static let write = Flags(rawValue: 2)
        /// The buffer is a table of descriptors.
        static let indirect = Flags(rawValue: 4)
    }

    static let byteCount = 16

    let address: GuestAddress
    let count: UInt32
    let flags: Flags
    let next: UInt16

    /// Loads each half of a descriptor once: what is judged here is what is used.
    init(loading entry: UnsafeRawPointer) {
        address = GuestAddress(UInt64(littleEndian: unsafe apus_load_once_64(entry)))
        let rest = UInt64(littleEndian: unsafe apus_load_once_64(entry + 8))
        count = UInt32(truncatingIfNeeded: rest)
        flags = Flags(rawValue: UInt16(truncatingIfNeeded: rest >> 32))
        next = UInt16(truncatingIfNeeded: rest >> 48)
    }
}
