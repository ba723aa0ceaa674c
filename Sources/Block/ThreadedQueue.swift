internal import CLinux
internal import Glibc
internal import Host

/// The engine of blocking calls on worker threads.
final class ThreadedQueue: BlockQueue {
    private let file: ImageFile
    private let workers: BlockWorkers
    private let event: EventFD
    private let answers: CompletionList
    /// Answers taken from the workers and not handed out yet.
    private var ready: [BlockCompletion] = []
    private(set) var inFlight = 0

    init(file: ImageFile, workers: BlockWorkers, depth: Int) throws(Errno) {
        self.file = file
        self.workers = workers
        event = try EventFD()
        answers = CompletionList(event: event)
        ready.reserveCapacity(depth)
    }

    /// The event that announces completions, to share with an engine in front of this one.
    var completionEvent: EventFD { event }

    var eventDescriptor: Int32? { event.fileDescriptor }

    func submit(_ request: consuming BlockRequest) {
        unsafe submit(
            request.operation, offset: request.offset, count: request.count, segments: request.segments,
            tag: request.tag)
    }

    func submit(
        _ operation: BlockRequest.Operation, offset: UInt64, count: UInt64, segments: UnsafeBufferPointer<iovec>,
        tag: Int
    ) {
        inFlight += 1
        unsafe workers.submit(
            BlockWorkers.Job(
                file: file, operation: operation, offset: offset, count: count, segments: segments, tag: tag,
                answers: answers))
    }

    func dispatch() {}

    func acknowledgeEvent() { event.drain() }

    func nextCompletion() -> BlockCompletion? {
        guard inFlight > 0 else { return nil }
        if ready.isEmpty { answers.take(into: &ready) }
        guard let completion = ready.popLast() else { return nil }
        inFlight -= 1
        return completion
    }

    func waitForCompletion() {
        guard inFlight > 0, ready.isEmpty else { return }
        event.wait()
    }
}

extension EventFD {
    /// Waits for a signal and clears it.
    func wait() {
        var item = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&item, 1, -1)
        drain()
    }
}
