/// A front end's output: straight to the back end while that takes bytes, and kept in order while it does not.
///
/// A value that a device keeps among its registers, under its lock. `isEmpty` is what a UART shows the guest as
/// "transmitter empty": a guest that looks at it never has more than a FIFO's worth in here. The limit is for guests
/// that do not look.
package struct OutputQueue: Sendable {
    private var waiting: ByteQueue
    /// How many bytes were lost because a guest filled the queue to its limit.
    package private(set) var lost: UInt64 = 0

    /// At 115200 baud a mebibyte is a minute and a half of output.
    package init(limit: Int = 1 << 20) { waiting = ByteQueue(limit: limit) }

    /// Nothing waits: everything sent is with the back end.
    package var isEmpty: Bool { waiting.isEmpty }
    package var count: Int { waiting.count }

    /// Sends a byte, or keeps it until `flush`.
    package mutating func send(_ byte: UInt8, to backend: any CharacterBackend) {
        if waiting.isEmpty, backend.write(byte) { return }
        if !waiting.append(byte) { lost &+= 1 }
    }

    /// Sends bytes, or keeps what the back end does not take.
    package mutating func send(_ bytes: [UInt8], to backend: any CharacterBackend) {
        let sent = waiting.isEmpty ? backend.write(bytes.span) : 0
        let rest = bytes.count - sent
        if rest > 0 { lost &+= UInt64(rest - waiting.append(bytes[sent...])) }
    }

    /// Sends what waits, as far as the back end takes it; true when nothing is left.
    @discardableResult
    package mutating func flush(to backend: any CharacterBackend) -> Bool {
        while !waiting.isEmpty {
            guard waiting.drain({ backend.write($0) }) else { return false }
        }
        return true
    }
}
