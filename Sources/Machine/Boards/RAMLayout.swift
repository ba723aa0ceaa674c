internal import Memory

/// Where a board puts its RAM: below the hole under 4 GiB that devices need, and the rest above 4 GiB.
///
/// ```
///   0             lowLimit          4 GiB
///   ├── low RAM ──┤▒▒▒ devices ▒▒▒▒▒├── high RAM ──►
/// ```
struct RAMLayout: Sendable, Equatable {
    static let fourGiB: UInt64 = 1 << 32

    let low: GuestRange
    let high: GuestRange?

    /// - Parameters:
    ///   - size: bytes of RAM, at least one page.
    ///   - lowLimit: the first address below 4 GiB that belongs to devices.
    init?(size: UInt64, lowLimit: UInt64) {
        guard let low = GuestRange(start: GuestAddress(0), count: min(size, lowLimit)) else { return nil }
        self.low = low
        guard size > lowLimit else {
            high = nil
            return
        }
        guard let high = GuestRange(start: GuestAddress(RAMLayout.fourGiB), count: size - lowLimit) else { return nil }
        self.high = high
    }

    var ranges: [GuestRange] { [low] + (high.map { [$0] } ?? []) }

    /// The first address above all RAM and above 4 GiB.
    var end: UInt64 { high.map { $0.last.rawValue + 1 } ?? RAMLayout.fourGiB }
}
