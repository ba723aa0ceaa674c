/// Bytes in order of arrival, never more than a limit.
///
/// A ring that grows as needed up to the limit, so that an empty queue with a large limit costs nothing.
package struct ByteQueue: Sendable {
    package let limit: Int
    private var storage: [UInt8] = []
    private var head = 0
    package private(set) var count = 0

    package init(limit: Int) { self.limit = max(0, limit) }

    package var isEmpty: Bool { count == 0 }
    /// How many more fit.
    package var room: Int { limit - count }

    /// Adds a byte; false, and nothing added, at the limit.
    package mutating func append(_ byte: UInt8) -> Bool {
        guard count < limit else { return false }
        if count == storage.count { grow(to: count + 1) }
        storage[(head + count) % storage.count] = byte
        count += 1
        return true
    }

    /// Adds as many bytes as fit and returns their number.
    package mutating func append(_ bytes: some Collection<UInt8>) -> Int {
        var added = 0
        for byte in bytes {
            guard append(byte) else { break }
            added += 1
        }
        return added
    }

    package mutating func removeFirst() -> UInt8? {
        guard count > 0 else { return nil }
        let byte = storage[head]
        removeFirst(1)
        return byte
    }

    /// Drops the `amount` oldest bytes, or all there are.
    package mutating func removeFirst(_ amount: Int) {
        let dropped = min(max(0, amount), count)
        count -= dropped
        head = count == 0 ? 0 : (head + dropped) % storage.count
    }

    package mutating func removeAll() {
        storage = []
        head = 0
        count = 0
    }

    /// Up to `amount` of the oldest bytes, without taking them.
    package func first(_ amount: Int) -> [UInt8] {
        (0..<min(max(0, amount), count)).map { storage[(head + $0) % storage.count] }
    }

    /// Takes up to `amount` of the oldest bytes.
    package mutating func take(_ amount: Int) -> [UInt8] {
        let bytes = first(amount)
        removeFirst(bytes.count)
        return bytes
    }

    /// Calls `body` with the oldest bytes that lie in one piece, and drops as many as it says.
    mutating func drain(_ body: (Span<UInt8>) -> Int) -> Bool {
        guard count > 0 else { return true }
        let end = min(head + count, storage.count)
        let piece = end - head
        let taken = body(storage[head..<end].span)
        removeFirst(taken)
        return taken >= piece
    }

    private mutating func grow(to needed: Int) {
        let capacity = min(limit, max(16, storage.count * 2, needed))
        var larger = first(count)
        larger.append(contentsOf: repeatElement(0, count: capacity - count))
        storage = larger
        head = 0
    }
}
