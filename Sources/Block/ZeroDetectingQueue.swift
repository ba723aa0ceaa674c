internal import CLinux
internal import Glibc

/// Turns writes that consist of zeros into requests for zeros (`detect-zeroes`), for the engine behind it.
///
/// Reading what is written costs memory bandwidth, so it is there only for images that ask for it.
final class ZeroDetectingQueue: BlockQueue {
    private let engine: any BlockQueue
    private let unmap: Bool

    init(before engine: any BlockQueue, unmap: Bool) {
        self.engine = engine
        self.unmap = unmap
    }

    var eventDescriptor: Int32? { engine.eventDescriptor }
    var inFlight: Int { engine.inFlight }

    func submit(_ request: consuming BlockRequest) {
        guard case .write = request.operation, unsafe consistsOfZeros(request.segments) else {
            return engine.submit(request)
        }
        unsafe engine.submit(
            BlockRequest(
                .writeZeroes(unmap: unmap), offset: request.offset, count: request.count, tag: request.tag))
    }

    func dispatch() { engine.dispatch() }
    func acknowledgeEvent() { engine.acknowledgeEvent() }
    func nextCompletion() -> BlockCompletion? { engine.nextCompletion() }
    func waitForCompletion() { engine.waitForCompletion() }
}

/// Whether every byte is zero, as far as one look tells.
///
/// The guest may write meanwhile. Then it races with its own request, whose data is undefined on any disk; what matters
/// here is that nothing depends on a second look.
func consistsOfZeros(_ segments: UnsafeBufferPointer<iovec>) -> Bool {
    for unsafe segment in unsafe segments {
        guard unsafe segment.iov_len > 0 else { continue }
        guard let base = unsafe segment.iov_base else { return false }
        // A buffer that begins with zero and equals itself one byte on is all zero; memcmp is the fastest loop there is.
        guard unsafe base.load(as: UInt8.self) == 0, unsafe memcmp(base, base + 1, segment.iov_len - 1) == 0 else {
            return false
        }
    }
    return true
}
