/// A UART's received characters, each with the break condition that came with it.
struct ReceiveFIFO: Sendable {
    static let capacity = 16

    struct Received: Sendable {
        var byte: UInt8
        var isBreak = false
    }

    private var storage = [Received](repeating: Received(byte: 0), count: ReceiveFIFO.capacity)
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Received? { isEmpty ? nil : storage[head] }

    /// False, and nothing added, if there is no room below `limit`.
    mutating func append(_ character: Received, limit: Int) -> Bool {
        guard count < min(limit, ReceiveFIFO.capacity) else { return false }
        storage[(head + count) % ReceiveFIFO.capacity] = character
        count += 1
        return true
    }

    mutating func removeFirst() -> Received? {
        guard count > 0 else { return nil }
        defer {
            head = (head + 1) % ReceiveFIFO.capacity
            count -= 1
        }
        return storage[head]
    }

    /// The break at the head was reported and is not reported again.
    mutating func clearBreak() { storage[head].isBreak = false }

    mutating func removeAll() { count = 0 }
}
