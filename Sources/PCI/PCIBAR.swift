internal import Memory

/// One range of addresses a function answers at, and the base address register that places it. PCI 3.0 §6.2.5.
package struct PCIBAR: Sendable, Hashable {
    package enum Space: Sendable, Hashable {
        /// I/O ports.
        case io
        /// Below 4 GiB.
        case memory32
        /// Anywhere; takes this register and the next. Prefetchable ranges may live behind a bridge above 4 GiB.
        case memory64(prefetchable: Bool)
    }

    /// 0…5; a 64-bit range takes `index` and `index + 1`.
    package let index: Int
    package let space: Space
    /// A power of two: at least 4 for I/O, at least 16 for memory.
    package let size: UInt64

    package init(_ index: Int, _ space: Space, size: UInt64) {
        self.index = index
        self.space = space
        self.size = size
    }

    var is64Bit: Bool { if case .memory64 = space { true } else { false } }

    var isPrefetchable: Bool { space == .memory64(prefetchable: true) }

    /// The offset of its (lower) register.
    var offset: Int { ConfigurationOffset.bar0 + index * 4 }

    /// The read-only low bits of the register.
    var flags: UInt32 {
        switch space {
        case .io: 1
        case .memory32: 0
        case .memory64(let prefetchable): prefetchable ? 0xc : 0x4
        }
    }

    /// Why it cannot be, in words that complete "BAR 2 …"; nil if it can.
    func problem(in header: PCILayout.Header) -> String? {
        let registers = header == .bridge ? 2 : 6
        guard index >= 0, index + (is64Bit ? 1 : 0) < registers else { return "has no register in this header" }
        guard size.nonzeroBitCount == 1, size >= (space == .io ? 4 : 16) else {
            return "has \(size) bytes, which is not a power of two from \(space == .io ? 4 : 16) on"
        }
        switch space {
        case .io where size > 0x100: return "takes more than 256 ports"
        case .memory32 where size > 1 << 31: return "is larger than 2 GiB but has 32 bits"
        case .memory64 where size > 1 << 62: return "is too large"
        default: return nil
        }
    }
}
