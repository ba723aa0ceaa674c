internal import Configuration
internal import Glibc
internal import Host

/// What a board's clock of day starts with and follows (`-rtc`).
struct ClockOfDay {
    /// What it counts from.
    let clock: Clock
    /// Seconds since 1970 at the start; nil: the host's time, in UTC.
    let base: Int64?

    /// - `clock=vm` follows the machine, and stands still with it.
    /// - `clock=rt` and `clock=host` go on while the machine rests, as the host's clock does. (A step of the host's clock
    ///   while the machine lives is not followed.)
    ///
    /// Under `-accel qtest` all time is the test's.
    init(_ construction: Construction) throws(MachineError) {
        let wanted = construction.configuration.clock
        switch wanted.base {
        case .utc: base = nil
        case .localTime: base = ClockOfDay.localTime
        case .instant(let seconds): base = seconds
        }
        guard wanted.source != .vm, construction.clock.source == .host else {
            clock = construction.clock
            return
        }
        do throws(Errno) {
            clock = try Clock(source: .host)
            _ = try clock.attach(to: construction.loop)
        } catch {
            throw .system(action: "make the clock of day (-rtc)", errno: error)
        }
    }

    /// What the host's clock on the wall shows, as if that were UTC.
    private static var localTime: Int64 {
        var now = time(nil)
        var parts = unsafe tm()
        // Reads and writes local variables.
        _ = unsafe localtime_r(&now, &parts)
        return unsafe Int64(now) + Int64(parts.tm_gmtoff)
    }
}
