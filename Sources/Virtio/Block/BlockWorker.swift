internal import Block
internal import Host

/// Serves one started queue: takes chains, hands requests to the engine, and gives chains back.
///
/// ```
///   kick ─► next, next, next… ─► submit each ─► dispatch: one io_submit
///   completion event ─► nextCompletion… ─► status byte, used entry each ─► publish: one store, at most one interrupt
/// ```
///
/// Nothing is allocated per request.
struct BlockWorker: ~Copyable {
    /// The most requests that go down with one call. With a full ring this keeps driver, device and disk busy at the
    /// same time; one batch of everything would make each wait for the other two.
    private static let batchLimit = 16

    var queue: Virtqueue
    let port: QueuePort
    let requests: BlockRequests
    let engine: any BlockQueue
    let disk: BlockDisk
    let counters: BlockCounters
    /// The host's time as last looked at: once for each batch, since looking costs as much as a request.
    var now: UInt64 = 0
    /// The driver broke the ring's rules: nothing more is taken from it.
    private var isBroken = false
    /// The event loop looks at the ring and at the engine again and again, so neither needs to call.
    private var isPolled = false
    /// What waits for the disk's limits.
    var held = HeldRequests()
    var session: UInt64
    /// Whom the disk's limits tell that they allow more.
    unowned let lane: BlockLane

    init(queue: consuming Virtqueue, port: QueuePort, requests: BlockRequests, lane: BlockLane) {
        self.queue = queue
        self.port = port
        self.requests = requests
        engine = requests.engine
        disk = requests.disk
        counters = requests.counters
        session = requests.nextSession()
        self.lane = lane
    }

    // MARK: Events

    mutating func kicked() {
        port.kick.drain()
        work()
    }

    mutating func completed() {
        engine.acknowledgeEvent()
        collect()
        // Slots are free again, and the kernel may have had no room for all of the last batch.
        work()
    }

    /// Looks for work; whether there was any.
    mutating func poll() -> Bool {
        if !isPolled {
            isPolled = true
            queue.suppressKicks()
        }
        let hasCompleted = collect()
        guard !isBroken, requests.freeCount > 0, queue.hasAvailable else { return hasCompleted }
        work()
        return true
    }

    /// Driver and engine must call again; whether work came before they knew.
    mutating func pollingEnds() -> Bool {
        guard isPolled else { return false }
        isPolled = false
        engine.acknowledgeEvent()
        let hasCompleted = collect()
        guard !isBroken, queue.resumeKicks(), requests.freeCount > 0 else { return hasCompleted }
        work()
        return true
    }

    /// Tries what failed before the machine stopped again.
    mutating func retry() {
        now = Clock.hostNanoseconds()
        for index in requests.returned(to: queue) {
            let slot = unsafe requests.slots + index
            unsafe slot.pointee.isFlushing = false
            // The disk may have shrunk meanwhile.
            guard unsafe slot.pointee.offset + slot.pointee.count <= disk.capacity else {
                refuse(index)
                continue
            }
            submit(index)
        }
        engine.dispatch()
        collect()
    }

    /// The disk's limits let some of what is held go.
    mutating func released(_ direction: ThrottleDirection, count: Int, session: UInt64) {
        guard session == self.session else { return }
        for index in held.take(direction, count) { submit(index) }
        engine.dispatch()
        collect()
        // Slots may be free again.
        work()
    }

    /// Sees everything in flight through, and gives the queue up.
    consuming func finish() -> Virtqueue {
        drain()
        requests.leave(queue)
        return queue
    }

    /// Sees everything in flight through, and what is held, too: a pause does not wait for limits.
    mutating func drain() {
        if !held.isEmpty {
            session = requests.nextSession()
            disk.throttle?.withdraw(lane)
            for index in held.takeAll() { submit(index) }
            engine.dispatch()
        }
        collect()
        while engine.inFlight > 0 {
            engine.waitForCompletion()
            collect()
        }
    }

    // MARK: Batches

    /// Takes what is available until the ring is empty or every slot is in use.
    private mutating func work() {
        now = Clock.hostNanoseconds()
        queue.suppressKicks()
        while true {
            let isFull = takeBatch()
            engine.dispatch()
            collect()
            if isFull { continue }
            if isPolled { return }
            // Without a free slot the next completion goes on here.
            guard !isBroken, queue.resumeKicks(), requests.freeCount > 0 else { return }
            queue.suppressKicks()
        }
    }

    /// Submits up to `batchLimit` requests; true if there may be more.
    private mutating func takeBatch() -> Bool {
        for _ in 0..<BlockWorker.batchLimit {
            guard !isBroken, requests.freeCount > 0, takeOne() else { return false }
        }
        return true
    }

    /// Finishes what the engine has finished, and shows it to the driver.
    @discardableResult
    mutating func collect() -> Bool {
        var isFirst = true
        while let completion = engine.nextCompletion() {
            if isFirst { now = Clock.hostNanoseconds() }
            isFirst = false
            finish(completion)
        }
        if queue.publish() { port.interrupt.signal() }
        return !isFirst
    }

    private mutating func takeOne() -> Bool {
        let index = requests.nextFree
        do throws(VirtqueueError) {
            guard unsafe try queue.next(into: &requests.slots[index].chain) else { return false }
            requests.take()
            do throws(VirtqueueError) { try begin(index) } catch {
                requests.giveBack(index)
                throw error
            }
            return true
        } catch {
            isBroken = true
            port.fail(error)
            return false
        }
    }
}
