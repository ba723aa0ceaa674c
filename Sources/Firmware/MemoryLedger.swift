import Memory

/// Who has what of the guest's RAM while a boot is planned: every placement is a claim, and claims never overlap.
///
/// Kernels state their addresses themselves, so each claim is checked against the board's map and against all earlier
/// claims. There are at most `ELFImage.headerLimit` and a handful more of them, so a walk is fast enough.
struct MemoryLedger {
    /// Sorted, adjacent entries joined.
    private(set) var ram: [AddressRange] = []
    private var claims: [(range: AddressRange, what: String)] = []

    enum Refusal: Error, Equatable {
        case outsideRAM
        /// `what` of the earlier claim.
        case taken(by: String)
    }

    init(_ map: [MemoryMapEntry]) {
        let entries = map.filter { $0.kind == .ram }
            .compactMap { AddressRange(start: $0.range.start.rawValue, count: $0.range.count) }
            .sorted { $0.lowerBound < $1.lowerBound }
        for entry in entries {
            if let last = ram.last, entry.lowerBound <= last.upperBound {
                ram[ram.count - 1] = last.lowerBound..<max(last.upperBound, entry.upperBound)
            } else {
                ram.append(entry)
            }
        }
    }

    /// Takes `range` for `what`.
    mutating func claim(_ range: AddressRange, for what: String) throws(Refusal) {
        guard ram.contains(where: { $0.contains(range) }) else { throw .outsideRAM }
        if let taken = claims.first(where: { $0.range.overlaps(range) }) { throw .taken(by: taken.what) }
        claims.append((range, what))
    }

    /// Whether a claim for `range` would succeed.
    func isFree(_ range: AddressRange) -> Bool {
        ram.contains { $0.contains(range) } && !claims.contains { $0.range.overlaps(range) }
    }

    /// The `-m`, in MiB, that turns addresses up to `end` into RAM, or nil where no `-m` does.
    ///
    /// Boards fill low memory first, at least 2 GiB of it, before they go on at 4 GiB. So where there is RAM above
    /// 4 GiB, or 2 GiB would not do, `-m` cannot help.
    func mebibytes(toReach end: UInt64) -> UInt64? {
        // Boards keep the last RAM for themselves (ACPI tables): a little to spare.
        let spare: UInt64 = 2 << 20
        guard end <= 2 << 30, !ram.contains(where: { $0.upperBound > 1 << 32 }) else { return nil }
        return (end + spare + 0xf_ffff) >> 20
    }

    /// The error for a kernel that wants `range`, which is not all RAM.
    func shortage(of range: AddressRange, file: String) -> FirmwareError {
        guard range.lowerBound >= LowMemory.highMemory, let mebibytes = mebibytes(toReach: range.upperBound) else {
            return .outsideMemory(file: file, range: range)
        }
        return .kernelNeedsMemory(file: file, mebibytes: mebibytes)
    }

    /// The lowest free range of `count` bytes within `window` that starts at a multiple of `alignment`, a power of two.
    func lowest(_ count: UInt64, alignedTo alignment: UInt64, in window: AddressRange) -> AddressRange? {
        for region in ram.map({ $0.clamped(to: window) }) {
            var start = region.lowerBound
            // Each turn passes one claim for good, so this ends.
            while let aligned = start.aligned(up: alignment), let range = AddressRange(start: aligned, count: count),
                region.contains(range)
            {
                guard let taken = claims.first(where: { $0.range.overlaps(range) }) else { return range }
                start = taken.range.upperBound
            }
        }
        return nil
    }

    /// The highest free range of `count` bytes within `window` that starts at a multiple of `alignment`.
    func highest(_ count: UInt64, alignedTo alignment: UInt64, in window: AddressRange) -> AddressRange? {
        for region in ram.reversed().map({ $0.clamped(to: window) }) {
            var end = region.upperBound
            while end >= region.lowerBound, end - region.lowerBound >= count {
                let start = (end - count) & ~(alignment - 1)
                guard start >= region.lowerBound else { break }
                let range = start..<start + count
                guard let taken = claims.first(where: { $0.range.overlaps(range) }) else { return range }
                end = taken.range.lowerBound
            }
        }
        return nil
    }
}
