internal import Glibc
internal import Host
internal import Synchronization

/// A few threads for calls that block: everything of `aio=threads`, and of `aio=native` what the kernel has no
/// asynchronous form of.
///
/// A thread is started when there is more work than threads, up to a limit; all end with this object.
final class BlockWorkers: Sendable {
    /// A request on its way through a worker.
    ///
    /// Unchecked: the segments' memory belongs to the request until its completion is in `answers`.
    @safe struct Job: @unchecked Sendable {
        let file: ImageFile
        let operation: BlockRequest.Operation
        let offset: UInt64
        let count: UInt64
        let segments: UnsafeBufferPointer<iovec>
        let tag: Int
        let answers: CompletionList

        func run() {
            let error = unsafe file.perform(operation, offset: offset, count: count, segments: segments)
            answers.append(BlockCompletion(tag: tag, error: error))
        }
    }

    private struct State {
        var jobs: [Job] = []
        /// Jobs before this index were taken; the array is emptied when all were.
        var next = 0
        /// Jobs that were taken and are not done.
        var running = 0
        var isClosed = false

        mutating func take() -> Job? {
            guard next < jobs.count else { return nil }
            let job = jobs[next]
            next += 1
            running += 1
            if next == jobs.count {
                jobs.removeAll(keepingCapacity: true)
                next = 0
            }
            return job
        }
    }

    private enum Order {
        case run(Job)
        case end
    }

    private let limit: Int
    /// Shared with the threads, which do not keep this object alive.
    private let state = Guarded(State())
    private let threads = Mutex<[Thread]>([])

    init(limit: Int) { self.limit = limit }

    deinit {
        state.update { $0.isClosed = true }
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    func submit(_ job: Job) {
        let wanted = state.update { state in
            state.jobs.append(job)
            return state.jobs.count - state.next + state.running
        }
        let hasThread = threads.withLock { threads in
            if threads.count < min(wanted, limit), let thread = startThread() { threads.append(thread) }
            return !threads.isEmpty
        }
        // No thread to be had at all: the caller does the work, late but surely.
        if !hasThread, let job = state.update({ $0.take() }) {
            job.run()
            state.update { $0.running -= 1 }
        }
    }

    private func startThread() -> Thread? {
        let state = state
        return try? Thread(name: "apus-block") {
            while true {
                let order: Order = state.wait { state in
                    if let job = state.take() { return .run(job) }
                    return state.isClosed ? .end : nil
                }
                guard case .run(let job) = order else { return }
                job.run()
                state.update { $0.running -= 1 }
            }
        }
    }
}

/// Where workers leave their answers, and the event that announces them.
final class CompletionList: Sendable {
    private let answers = Mutex<[BlockCompletion]>([])
    private let event: EventFD

    init(event: EventFD) { self.event = event }

    func append(_ completion: BlockCompletion) {
        answers.withLock { $0.append(completion) }
        event.signal()
    }

    /// Moves everything that is there to the end of `list`; neither array gives its storage up.
    func take(into list: inout [BlockCompletion]) {
        answers.withLock { answers in
            list.append(contentsOf: answers)
            answers.removeAll(keepingCapacity: true)
        }
    }
}
