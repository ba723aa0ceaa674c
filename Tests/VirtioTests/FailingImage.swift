import Block
import Host

/// A disk whose host fails some kinds of requests.
final class FailingImage: BlockImage {
    enum Kind { case read, write, flush }

    let geometry = BlockGeometry(size: 1 << 20)
    private let failing: [Kind]

    init(failing: [Kind]) { self.failing = failing }

    func makeQueue(depth: Int) throws(BlockError) -> any BlockQueue { FailingQueue(failing: failing) }
}

private final class FailingQueue: BlockQueue {
    private let failing: [FailingImage.Kind]
    private var answers: [BlockCompletion] = []

    init(failing: [FailingImage.Kind]) { self.failing = failing }

    var eventDescriptor: Int32? { nil }
    var inFlight: Int { answers.count }

    func submit(_ request: consuming BlockRequest) {
        let kind: FailingImage.Kind =
            switch request.operation {
            case .read: .read
            case .flush: .flush
            default: .write
            }
        answers.append(BlockCompletion(tag: request.tag, error: failing.contains(kind) ? .ioError : nil))
    }

    func dispatch() {}
    func acknowledgeEvent() {}
    func nextCompletion() -> BlockCompletion? { answers.popLast() }
    func waitForCompletion() {}
}
