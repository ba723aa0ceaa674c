/// Decides how long something must wait so that a rate is kept.
///
/// Every unit of work is poured in; the bucket leaks at the average rate. Work waits while the bucket stands above its
/// brim. A burst of *n* seconds is a brim of *n* seconds' burst rate; a second, smaller bucket that leaks at the burst
/// rate keeps the burst itself from coming all at once.
///
/// ```
///      work ─┐
///            ▼
///       ~~~~~~~~~~  level     above the brim: wait (level − brim) / average
///       ──────────  brim      burst × length, or a tenth of a second's average
///       │        │
///       └───┬┬───┘
///           ▼▼ average
/// ```
struct LeakyBucket {
    let rate: ThrottleLimits.Rate
    private var level = 0.0
    private var burstLevel = 0.0

    init(_ rate: ThrottleLimits.Rate) { self.rate = rate }

    private var average: Double { Double(rate.average) }
    private var burst: Double { Double(rate.burst) }
    /// Bursts longer than a second need the second bucket.
    private var hasBurstBucket: Bool { rate.burst > 0 && rate.burstLength > 1 }
    private var brim: Double { rate.burst > 0 ? burst * Double(rate.burstLength) : average / 10 }

    /// Time passes.
    mutating func leak(nanoseconds: UInt64) {
        let seconds = Double(nanoseconds) / 1e9
        level = max(0, level - average * seconds)
        burstLevel = max(0, burstLevel - burst * seconds)
    }

    mutating func pour(_ units: Double) {
        guard rate.average > 0 else { return }
        level += units
        if hasBurstBucket { burstLevel += units }
    }

    /// Nanoseconds until the next work may come; 0: now.
    var wait: UInt64 {
        guard rate.average > 0 else { return 0 }
        var seconds = max(0, (level - brim) / average)
        if hasBurstBucket { seconds = max(seconds, (burstLevel - burst / 10) / burst) }
        // Rounded up, so that a timer does not come a nanosecond early and find nothing to do.
        return seconds > 0 ? UInt64(min(seconds * 1e9, 1e18)) + 1 : 0
    }
}
