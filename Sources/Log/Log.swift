internal import Glibc
internal import Synchronization

/// Where warnings and errors of a running machine go.
///
/// One line a message, `apus: LEVEL: text`, written with a single `write(2)` so that lines of several threads do not
/// mix. A value, not a global: each machine (and each test) has its own, and devices receive it from their board.
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

    /// Messages above this level are dropped before they are made.
    package let level: Level
    private let descriptor: Int32
    private let sink: (@Sendable (Level, String) -> Void)?

    /// A log to an open file descriptor, which must stay open as long as the log lives; standard error by default.
    package init(level: Level = .warning, descriptor: Int32 = 2) {
        self.level = level
        self.descriptor = descriptor
        self.sink = nil
    }

    /// A log into a closure, for tests.
    package init(level: Level = .debug, sink: @escaping @Sendable (Level, String) -> Void) {
        self.level = level
        self.descriptor = -1
        self.sink = sink
    }

    package func error(_ text: @autoclosure () -> String) { write(.error, text) }
    package func warning(_ text: @autoclosure () -> String) { write(.warning, text) }
    package func information(_ text: @autoclosure () -> String) { write(.information, text) }
    package func debug(_ text: @autoclosure () -> String) { write(.debug, text) }

    private func write(_ level: Level, _ text: () -> String) {
        guard level <= self.level else { return }
        let message = text()
        if let sink { return sink(level, message) }
        var line = "apus: \(level.word): \(message)\n"
        // A log that cannot be written has nobody to tell; the result is of no use.
        _ = line.withUTF8 { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
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
        guard remaining.compareExchange(expected: before, desired: before - 1, ordering: .relaxed).exchanged else { return }
        body()
    }
}
