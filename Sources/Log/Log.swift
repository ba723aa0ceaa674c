internal import Glibc
internal import Synchronization

/// Where warnings and errors of a running machine go.
///
/// One line a message, `apus: LEVEL: text`, written with a single `write(2)` so that lines of several threads do not
/// mix; with `-msg timestamp=on` the time stands before it. A value, not a global: each machine (and each test) has its
/// own, and devices receive it from their board.
///
/// Beside levels there are *items*, which a user turns on one by one (`-d guest_errors,unimp`): what a guest does wrong or
/// in vain. They are off unless asked for, since a guest decides how many there are.
///
/// Thread-safe; a message costs one system call, so a caller that a guest can make talk uses `RateLimit`.
package final class Log: Sendable {
    package enum Level: Int, Sendable, Comparable {
        case error, warning, information, debug

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        var word: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .information: "info"
            case .debug: "debug"
            }
        }
    }

    /// What `-d` turns on.
    package struct Items: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// A guest's accesses to memory where nothing is.
        package static let guestErrors = Items(rawValue: 1)
        /// A guest's accesses to ports of devices that Apus does not have.
        package static let unimplemented = Items(rawValue: 2)
    }

    /// Messages above this level are dropped before they are made.
    package let level: Level
    package let items: Items
    private let hasTimestamps: Bool
    private let descriptor: Int32
    private let sink: (@Sendable (Level, String) -> Void)?

    /// A log to an open file descriptor, which must stay open as long as the log lives; standard error by default.
    package init(
        level: Level = .warning, items: Items = [], hasTimestamps: Bool = false, descriptor: Int32 = 2
    ) {
        self.level = level
        self.items = items
        self.hasTimestamps = hasTimestamps
        self.descriptor = descriptor
        self.sink = nil
    }

    /// A log into a closure, for tests.
    package init(
        level: Level = .debug, items: Items = [], sink: @escaping @Sendable (Level, String) -> Void
    ) {
        self.level = level
        self.items = items
        hasTimestamps = false
        self.descriptor = -1
        self.sink = sink
    }

    package func error(_ text: @autoclosure () -> String) { write(.error, text) }
    package func warning(_ text: @autoclosure () -> String) { write(.warning, text) }
    package func information(_ text: @autoclosure () -> String) { write(.information, text) }
    package func debug(_ text: @autoclosure () -> String) { write(.debug, text) }

    /// A message of `item`, if the user turned that on.
    package func note(_ item: Items, _ text: @autoclosure () -> String) {
        if items.contains(item) { emit(.information, "guest", text()) }
    }

    private func write(_ level: Level, _ text: () -> String) {
        guard level <= self.level else { return }
        emit(level, level.word, text())
    }

    private func emit(_ level: Level, _ word: String, _ message: String) {
        if let sink { return sink(level, message) }
        var line = "\(hasTimestamps ? Log.time() : "")apus: \(word): \(message)\n"
        // A log that cannot be written has nobody to tell; the result is of no use.
        _ = line.withUTF8 { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// `2026-11-24T11:30:00.123456Z `, in UTC as QEMU writes it.
    private static func time() -> String {
        var now = timespec()
        var parts = unsafe tm()
        // Both write local variables.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        _ = unsafe gmtime_r(&now.tv_sec, &parts)
        func digits(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let date = unsafe [
            digits(Int(parts.tm_year) + 1900, 4), digits(Int(parts.tm_mon) + 1, 2), digits(Int(parts.tm_mday), 2),
        ]
        let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }
        return "\(date.joined(separator: "-"))T\(clock.joined(separator: ":")).\(digits(now.tv_nsec / 1000, 6))Z "
    }
}

/// Lets the first few messages of a kind through and counts the rest, so that a guest cannot fill a disk with log lines.
///
/// Thread-safe. One per device and kind of message.
package final class RateLimit: Sendable {
    private let remaining: Atomic<Int>

    /// - Parameter messages: how many pass before silence.
    package init(messages: Int = 5) { remaining = Atomic(messages) }

    /// Runs `body` if the limit is not used up.
    package func pass(_ body: () -> Void) {
        let before = remaining.load(ordering: .relaxed)
        guard before > 0 else { return }
        guard remaining.compareExchange(expected: before, desired: before - 1, ordering: .relaxed).exchanged else {
            return
        }
        body()
    }
}
