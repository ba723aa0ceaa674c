/// Dates as `-rtc base=` writes them.
enum CivilTime {
    /// Seconds since 1970-01-01T00:00:00 of `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`; `nil` for anything else.
    static func seconds(_ text: String) -> Int64? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count <= 2, let date = numbers(halves[0], "-", [4, 2, 2]) else { return nil }
        let (year, month, day) = (date[0], date[1], date[2])
        guard year >= 1970, (1...12).contains(month), (1...daysOf(month, year)).contains(day) else { return nil }
        var total = (dayNumber(year, month, day) - dayNumber(1970, 1, 1)) * 86_400
        if halves.count == 2 {
            guard let time = numbers(halves[1], ":", [2, 2, 2]), time[0] < 24, time[1] < 60, time[2] < 60 else {
                return nil
            }
            total += time[0] * 3600 + time[1] * 60 + time[2]
        }
        return Int64(total)
    }

    /// Decimal numbers of the given widths between separators.
    private static func numbers(_ text: Substring, _ separator: Character, _ widths: [Int]) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == widths else { return nil }
        let values = parts.compactMap { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(part) : nil
        }
        return values.count == widths.count ? values : nil
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func daysOf(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days of the Gregorian calendar before this one, counted from the year 1.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let years = year - 1
        var days = years * 365 + years / 4 - years / 100 + years / 400 + day - 1
        for earlier in 1..<month { days += daysOf(earlier, year) }
        return days
    }
}
