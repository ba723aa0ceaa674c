/// A time of day at which the alarm goes off; fields with their two top bits set match anything.
struct CMOSClockAlarm {
    private let hours: ClosedRange<Int64>
    private let minutes: ClosedRange<Int64>
    private let seconds: ClosedRange<Int64>

    /// Nil if no time of day can match.
    init?(hours: UInt8, minutes: UInt8, seconds: UInt8, format: CMOSClockFormat) {
        func field(_ byte: UInt8, _ value: Int64, below limit: Int64) -> ClosedRange<Int64>? {
            if byte >= 0xc0 { return 0...limit - 1 }
            return value < limit ? value...value : nil
        }
        guard
            let hours = field(hours, format.decodeHour(hours), below: 24),
            let minutes = field(minutes, format.decode(minutes), below: 60),
            let seconds = field(seconds, format.decode(seconds), below: 60)
        else { return nil }
        self.hours = hours
        self.minutes = minutes
        self.seconds = seconds
    }

    /// The first matching second after `time`: within the 24 hours that follow.
    func next(after time: Int64) -> Int64 {
        let start = time &+ 1
        let timeOfDay = ((start % 86_400) + 86_400) % 86_400
        let midnight = start &- timeOfDay
        return midnight &+ (first(from: timeOfDay) ?? (86_400 + (first(from: 0) ?? 0)))
    }

    private func first(from start: Int64) -> Int64? {
        let (hour, minute, second) = (start / 3_600, start / 60 % 60, start % 60)
        for h in max(hour, hours.lowerBound)..<max(hour, hours.lowerBound, hours.upperBound + 1) {
            let firstMinute = h == hour ? max(minute, minutes.lowerBound) : minutes.lowerBound
            guard firstMinute <= minutes.upperBound else { continue }
            for m in firstMinute...minutes.upperBound {
                let firstSecond = h == hour && m == minute ? max(second, seconds.lowerBound) : seconds.lowerBound
                if firstSecond <= seconds.upperBound { return h * 3_600 + m * 60 + firstSecond }
            }
        }
        return nil
    }
}
