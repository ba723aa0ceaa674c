internal import CLinux
internal import Glibc

/// A disk that keeps nothing (`null-co`): for measuring everything in front of a disk.
///
/// Requests complete inside `dispatch`, on the caller's thread.
package final class NullImage: BlockImage {
    package let geometry: BlockGeometry
    private let readsZeroes: Bool

    /// - Parameter readsZeroes: a read fills its buffers with zeros; otherwise it leaves them alone, as QEMU's default.
    package init(size: UInt64 = 1 << 30, readsZeroes: Bool = true) {
        geometry = BlockGeometry(size: size & ~511)
        self.readsZeroes = readsZeroes
    }

    package func makeQueue(depth: Int) throws(BlockError) -> any BlockQueue {
        NullQueue(depth: depth, readsZeroes: readsZeroes)
    }
}

/// The engine of `NullImage`: a list of tags.
final class NullQueue: BlockQueue {
    private let readsZeroes: Bool
    private var tags: [Int] = []
    private var taken = 0

    init(depth: Int, readsZeroes: Bool) {
        self.readsZeroes = readsZeroes
        tags.reserveCapacity(depth)
    }

    var eventDescriptor: Int32? { nil }
    var inFlight: Int { tags.count - taken }

    func submit(_ request: consuming BlockRequest) {
        if readsZeroes, case .read = request.operation { unsafe zero(request.segments) }
        tags.append(request.tag)
    }

    func dispatch() {}
    func acknowledgeEvent() {}
    func waitForCompletion() {}

    func nextCompletion() -> BlockCompletion? {
        guard taken < tags.count else { return nil }
        let tag = tags[taken]
        taken += 1
        if taken == tags.count {
            tags.removeAll(keepingCapacity: true)
            taken = 0
        }
        return BlockCompletion(tag: tag, error: nil)
    }
}

/// Fills segments with zeros from byte `start` on.
func zero(_ segments: UnsafeBufferPointer<iovec>, from start: Int = 0) {
    var skip = start
    for unsafe segment in unsafe segments {
        let count = unsafe segment.iov_len
        if skip < count, let base = unsafe segment.iov_base { _ = unsafe memset(base + skip, 0, count - skip) }
        skip = max(0, skip - count)
    }
}
