internal import Synchronization

/// How long a loop looks for work before it sleeps (`poll-max-ns` and its kin of an iothread).
///
/// Sleeping costs a wake-up for the next request, looking costs a processor. So the window is learnt: it grows while
/// work comes soon after the loop went to sleep, and shrinks when it stayed away for longer than the longest window.
package struct PollSettings: Sendable, Equatable {
    /// The longest window in nanoseconds; 0: the loop never polls.
    package var maximum: UInt64 = 0
    /// What a window is multiplied by to grow; 0: by 2.
    package var grow: UInt64 = 0
    /// What a window is divided by to shrink; 0: it shrinks to nothing.
    package var shrink: UInt64 = 0

    package init(maximum: UInt64 = 0, grow: UInt64 = 0, shrink: UInt64 = 0) {
        self.maximum = maximum
        self.grow = grow
        self.shrink = shrink
    }
}

/// Something that a loop can look at for work instead of waiting for a descriptor. Called on the loop's thread.
package protocol LoopPoller: AnyObject, Sendable {
    /// Does what work there is; whether there was any. From now on nobody needs to wake the loop for it.
    func poll() -> Bool

    /// The loop goes to sleep: whoever has work must wake it again. Whether work came meanwhile, and was done.
    func pollingEnds() -> Bool
}

/// One thread's polling: what it looks at, and for how long.
struct Polling {
    /// The longest time without a look at the descriptors.
    private static let stretch: UInt64 = 50_000
    private static let firstWindow: UInt64 = 4_000

    private var pollers: [any LoopPoller] = []
    private var version = -1
    private var window: UInt64 = 0
    /// When the last work was done.
    private var last: UInt64 = 0

    /// Looks for work until none came for the window's length; false: the loop should sleep.
    mutating func run(_ loop: EventLoop) -> Bool {
        if let (pollers, version) = loop.pollers(newerThan: version) {
            self.pollers = pollers
            self.version = version
        }
        let start = Clock.hostNanoseconds()
        guard window > 0, !pollers.isEmpty else {
            last = start
            return false
        }
        var now = start
        last = max(last, start - min(start, window))
        while true {
            var hasWorked = false
            for poller in pollers where poller.poll() { hasWorked = true }
            now = Clock.hostNanoseconds()
            if hasWorked { last = now }
            if loop.isWanted || now &- start > Polling.stretch { return true }
            guard now &- last > window else { continue }
            for poller in pollers where poller.pollingEnds() { hasWorked = true }
            last = now
            return hasWorked
        }
    }

    /// Learns from how long the loop slept.
    mutating func slept(_ settings: PollSettings) {
        guard !pollers.isEmpty else { return }
        let blocked = Clock.hostNanoseconds() &- last
        if blocked > settings.maximum {
            window = settings.shrink == 0 ? 0 : window / settings.shrink
        } else {
            let (grown, overflow) = window.multipliedReportingOverflow(by: settings.grow == 0 ? 2 : settings.grow)
            window = window == 0 ? Polling.firstWindow : overflow ? settings.maximum : grown
        }
        window = min(window, settings.maximum)
    }
}
