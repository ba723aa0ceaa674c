internal import Synchronization

/// `ringbuf`: keeps the last bytes of the output in memory, for a monitor (or a test) to look at.
///
/// The only back end that forgets: the oldest bytes make room for new ones, which is its purpose.
package final class RingBufferBackend: CharacterBackend {
    package static let defaultSize = 65536

    package let description = "ringbuf"
    package let isOpen = true
    private let bytes: Mutex<ByteQueue>

    /// - Parameter size: a power of two, at most 64 MiB.
    package init(size: Int = RingBufferBackend.defaultSize) throws(CharacterError) {
        guard size > 0, size <= 1 << 26, size & (size - 1) == 0 else { throw .wrongRingSize(size) }
        bytes = Mutex(ByteQueue(limit: size))
    }

    /// Takes up to `count` of the oldest bytes.
    package func read(_ count: Int) -> [UInt8] { bytes.withLock { $0.take(count) } }

    package func attach(_ frontEnd: any CharacterFrontEnd) {}
    package func detach() {}

    package func write(_ new: Span<UInt8>) -> Int {
        bytes.withLock { bytes in
            for index in new.indices {
                if bytes.room == 0 { bytes.removeFirst(1) }
                _ = bytes.append(new[index])
            }
        }
        return new.count
    }

    package func resumeInput() {}
    package func close() {}
}
