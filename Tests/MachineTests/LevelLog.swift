import Synchronization

/// The changes of interrupt lines, in order.
final class LevelLog: Sendable {
    struct Change: Sendable, Equatable {
        let line: UInt32
        let level: Bool

        init(_ line: UInt32, _ level: Bool) {
            self.line = line
            self.level = level
        }
    }

    private let changes = Mutex<[Change]>([])

    func add(_ line: UInt32, _ level: Bool) { changes.withLock { $0.append(Change(line, level)) } }
    var all: [Change] { changes.withLock { $0 } }
}
