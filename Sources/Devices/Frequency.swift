/// The rate of a counter, to convert between its ticks and machine time in nanoseconds.
///
/// Results that do not fit are the largest value, so that a guest's wild comparator becomes a deadline that never comes.
struct Frequency: Sendable {
    let hertz: UInt64

    init(hertz: UInt64) { self.hertz = max(1, hertz) }

    private static let second: UInt64 = 1_000_000_000

    /// How many ticks have passed after `nanoseconds`.
    func ticks(after nanoseconds: UInt64) -> UInt64 { Frequency.scale(nanoseconds, hertz, Frequency.second) }

    /// The first nanosecond at which `ticks` have passed.
    func time(of ticks: UInt64) -> UInt64 {
        let time = Frequency.scale(ticks, Frequency.second, hertz)
        // Rounded down, the time could be one at which the last tick is still to come.
        return time < .max && self.ticks(after: time) < ticks ? time + 1 : time
    }

    private static func scale(_ value: UInt64, _ factor: UInt64, _ divisor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        guard product.high < divisor else { return .max }
        return divisor.dividingFullWidth(product).quotient
    }
}
