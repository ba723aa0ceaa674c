internal import Block
internal import Host
internal import Synchronization

/// One queue of a disk, and all that is needed to serve it.
///
/// The event loop works inside the lock, a batch at a time, and is alone there but for a start or stop. A stop thus
/// needs no answer from the loop, which may be the very thread that stops or may itself be waiting for the stopping
/// vCPU: it takes the lock, sees the requests in flight through, and leaves with the queue.
final class BlockLane: Sendable, ThrottleWaiter, LoopPoller {
    /// Unchecked: the engine belongs to whoever holds the lock.
    private struct State: ~Copyable, @unchecked Sendable {
        let requests: BlockRequests
        var worker: BlockWorker?
        var watches: [EventLoop.Watch] = []
    }

    private let loop: EventLoop
    private let state: Mutex<State>
    private let counters: BlockCounters

    init(engine: sending any BlockQueue, depth: Int, disk: BlockDisk, loop: EventLoop) {
        self.loop = loop
        let requests = BlockRequests(engine: engine, depth: depth, disk: disk)
        counters = requests.counters
        state = Mutex(State(requests: requests))
    }

    func start(_ queue: consuming Virtqueue, with port: QueuePort) {
        // A noncopyable value reaches a closure only through an optional that it can be taken from.
        var arrival: Virtqueue? = consume queue
        state.withLock { state in
            guard let queue = arrival.take() else { return }
            state.worker = BlockWorker(queue: queue, port: port, requests: state.requests, lane: self)
            do throws(Errno) {
                state.watches = [try loop.watch(port.kick.fileDescriptor, .readable) { [self] _ in kicked() }]
                if let completion = state.requests.engine.eventDescriptor {
                    state.watches.append(try loop.watch(completion, .readable) { [self] _ in completed() })
                }
            } catch {
                port.fail(.host(error))
            }
            state.worker?.retry()
        }
        loop.add(self)
        // What was made available before the start (and while a paused queue was away) has no kick of its own.
        port.kick.signal()
    }

    func stop() -> Virtqueue? {
        loop.remove(self)
        return state.withLock { state in
            for watch in state.watches { watch.cancel() }
            state.watches = []
            return state.worker.take()?.finish()
        }
    }

    /// The driver starts anew: what failed is nobody's any more. While stopped.
    func forget() { state.withLock { $0.requests.forget() } }

    /// What went through this lane.
    var statistics: BlockStatistics { counters.values }

    /// Waits until nothing that was taken before is in flight.
    func drain() { state.withLock { $0.worker?.drain() } }

    func throttleReleased(_ direction: ThrottleDirection, count: Int, session: UInt64) {
        loop.post { [self] in state.withLock { $0.worker?.released(direction, count: count, session: session) } }
    }

    func poll() -> Bool { state.withLock { $0.worker?.poll() ?? false } }

    func pollingEnds() -> Bool { state.withLock { $0.worker?.pollingEnds() ?? false } }

    private func kicked() { state.withLock { $0.worker?.kicked() } }

    private func completed() { state.withLock { $0.worker?.completed() } }
}
