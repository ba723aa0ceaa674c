package import Hypervisor
package import Memory

/// What must stand in guest memory before the first instruction, and the registers it starts with.
///
/// A plan is made without touching the guest. Its placements lie in the RAM of the board's memory map and do not
/// overlap, whatever the kernel's headers said.
package struct BootPlan: Sendable {
    /// One stretch of guest memory and where its contents come from.
    package struct Placement: Sendable {
        package enum Source: Sendable {
            /// Made by the loader; exactly as long as the range.
            case bytes([UInt8])
            /// Read from the file, from `offset` on.
            case file(ImageFile, offset: UInt64)
            /// Zero: a kernel's uninitialised data.
            case zero
        }

        /// With its article, for messages ("the initrd").
        package let what: String
        package let range: GuestRange
        package let source: Source
    }

    package internal(set) var placements: [Placement] = []
    package let entry: EntryState
    /// Where the kernel lies, with the memory it needs to unpack itself.
    package let kernel: AddressRange
    package let initrd: AddressRange?

    mutating func place(_ what: String, _ range: AddressRange, _ source: Placement.Source) {
        guard let range = range.guestRange else { return }
        placements.append(Placement(what: what, range: range, source: source))
    }

    mutating func place(_ what: String, at address: UInt64, _ bytes: [UInt8]) {
        place(what, address..<address + UInt64(bytes.count), .bytes(bytes))
    }

    /// Carries the plan out. Call it before vCPU 0 runs, and again after a reset.
    ///
    /// `isZeroed` promises that RAM reads as zero, as fresh or discarded memory does: then uninitialised data is not
    /// written, and its pages stay unallocated until the guest wants them.
    package func write(to memory: GuestMemory, isZeroed: Bool) throws(FirmwareError) {
        for placement in placements {
            switch placement.source {
            case .bytes(let bytes):
                do throws(MemoryError) {
                    try memory.write(bytes, at: placement.range.start)
                } catch {
                    throw .cannotWrite(what: placement.what, error)
                }
            case .file(let file, let offset):
                try file.load(placement.range, of: memory, from: offset)
            case .zero:
                if isZeroed { continue }
                guard memory.fill(placement.range.start, count: placement.range.count, with: 0) else {
                    throw .cannotWrite(
                        what: placement.what,
                        .notMemory(address: placement.range.start, count: placement.range.count))
                }
            }
        }
    }
}
