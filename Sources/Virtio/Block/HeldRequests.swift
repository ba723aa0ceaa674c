internal import Block

/// The requests of one lane that wait for its disk's limits, by direction, oldest first.
struct HeldRequests {
    private var lines: [[Int]] = [[], []]

    var isEmpty: Bool { lines.allSatisfy(\.isEmpty) }

    mutating func append(_ index: Int, _ direction: ThrottleDirection) { lines[direction.rawValue].append(index) }

    /// Takes up to `count` of a direction.
    mutating func take(_ direction: ThrottleDirection, _ count: Int) -> [Int] {
        let taken = Array(lines[direction.rawValue].prefix(count))
        lines[direction.rawValue].removeFirst(taken.count)
        return taken
    }

    mutating func takeAll() -> [Int] {
        defer { lines = [[], []] }
        return lines[0] + lines[1]
    }
}
