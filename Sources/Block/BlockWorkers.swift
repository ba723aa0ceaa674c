internal import CLinux
internal import Host
internal import Glibc
internal import Synchronization

/// A few threads for calls that block: everything of `aio=threads`, and of `aio=native` what the kernel has no
/// asynchronous form of.
///
/// Threads start when there is work and none is idle, and end with this object.
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
    }

    private struct State {
        var jobs: [Job] = []
        /// Jobs before this index are done; the array is emptied when all are.
        var next = 0
        var idle = 0
        var isClosed = false
    }

    /// What workers and owner share; a worker does not keep its owner alive.
    @safe private final class Shared: Sendable {
        let state = Mutex(State())
        nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

        init() {
            unsafe semaphore = .allocate(capacity: 1)
            unsafe semaphore.initialize(to: sem_t())
            _ = unsafe sem_init(semaphore, 0, 0)
        }

        deinit {
            _ = unsafe sem_destroy(semaphore)
            unsafe semaphore.deallocate()
        }

        func work() {
            while true {
                state.withLock { $0.idle += 1 }
                while unsafe sem_wait(semaphore) != 0 {}
                let job: Job? = state.withLock { state in
                    state.idle -= 1
                    guard state.next < state.jobs.count else { return nil }
                    let job = state.jobs[state.next]
                    state.next += 1
                    if state.next == state.jobs.count {
                        state.jobs.removeAll(keepingCapacity: true)
                        state.next = 0
                    }
                    return job
                }
                // Posted without a job: the end.
                guard let job else { return }
                job.answers.append(BlockCompletion(tag: job.tag, error: job.run()))
            }
        }
    }

    private let limit: Int
    private let shared = Shared()
    private let threads = Mutex<[Thread]>([])

    init(limit: Int) { self.limit = limit }

    deinit {
        let threads = threads.withLock { $0 }
        for _ in threads { _ = unsafe sem_post(shared.semaphore) }
        for thread in threads { thread.join() }
    }

    func submit(_ job: Job) {
        let waiting = shared.state.withLock { state in
            state.jobs.append(job)
            return state.jobs.count - state.next - state.idle
        }
        if waiting > 0 { startThread() }
        _ = unsafe sem_post(shared.semaphore)
    }

    private func startThread() {
        let mustWork = threads.withLock { threads in
            guard threads.count < limit else { return false }
            do throws(Errno) {
                threads.append(try Thread(name: "apus-block") { [shared] in shared.work() })
                return false
            } catch {
                return threads.isEmpty
            }
        }
        guard mustWork else { return }
        // No thread to be had at all: the caller does the work, late but surely.
        let job: Job? = shared.state.withLock { $0.jobs.popLast() }
        if let job { job.answers.append(BlockCompletion(tag: job.tag, error: job.run())) }
    }
}

extension BlockWorkers.Job {
    func run() -> Errno? { unsafe file.perform(operation, offset: offset, count: count, segments: segments) }
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

    /// Everything that is there, moved into an empty array without giving its storage up.
    func take(into list: inout [BlockCompletion]) {
        answers.withLock { answers in
            list.append(contentsOf: answers)
            answers.removeAll(keepingCapacity: true)
        }
    }
}
