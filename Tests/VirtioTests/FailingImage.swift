import Block
import Host
import Synchronization

/// A disk whose host fails some kinds of requests.
final class FailingImage: BlockImage {
    enum Kind { case read, write, flush }

    let geometry = BlockGeometry(size: 1 << 20)
    private let failing: Mutex<[Kind]>
    private let error: Errno

    init(failing: [Kind], with error: Errno = .ioError) {
        self.failing = Mutex(failing)
        self.error = error
    }

    /// What fails from now on.
    func fail(_ kinds: [Kind]) { failing.withLock { $0 = kinds } }

    fileprivate func answer(_ kind: Kind) -> Errno? { failing.withLock { $0.contains(kind) } ? error : nil }

    func makeQueue(depth: Int) throws(BlockError) -> any BlockQueue { FailingQueue(self) }
}

private final class FailingQueue: BlockQueue {
    private let image: FailingImage
    private var answers: [BlockCompletion] = []

    init(_ image: FailingImage) { self.image = image }

    var eventDescriptor: Int32? { nil }
    var inFlight: Int { answers.count }

    func submit(_ request: consuming BlockRequest) {
        let kind: FailingImage.Kind =
            switch request.operation {
            case .read: .read
            case .flush: .flush
            default: .write
            }
        answers.append(BlockCompletion(tag: request.tag, error: image.answer(kind)))
    }

    func dispatch() {}
    func acknowledgeEvent() {}
    func nextCompletion() -> BlockCompletion? { answers.popLast() }
    func waitForCompletion() {}
}
