package import Bus
package import Host
package import Log
internal import Synchronization

/// A source of random numbers (virtio-rng, virtio 1.2 §5.4): the smallest virtio device, and a good one to read first.
///
/// One queue, no features, no configuration. The driver makes empty buffers available; the device fills them with
/// random bytes and says how many. A request may be answered with fewer bytes than it has room for, but not with none.
package final class VirtioEntropy: VirtioDevice {
    package let identity = VirtioIdentity.entropy
    package let features: VirtioFeatures = []
    package let queueSizes: [UInt16] = [8]

    private let loop: EventLoop
    private let state: Mutex<State>

    /// What the lock protects: the worker, while a queue is here.
    private struct State: ~Copyable, @unchecked Sendable {
        var worker: EntropyWorker?
        var kick: EventLoop.Watch?
        let supply: EntropySupply
    }

    /// - Parameters:
    ///   - quota: nil: as much as the guest wants.
    ///   - clock: measures the quota's period.
    ///   - loop: where the queue is served.
    package init(
        _ source: EntropySource = .kernel, quota: EntropyQuota? = nil, clock: Clock, name: String, on loop: EventLoop,
        log: Log
    ) {
        self.loop = loop
        let supply = EntropySupply(source, quota: quota, clock: clock, loop: loop, name: name, log: log)
        state = Mutex(State(worker: nil, kick: nil, supply: supply))
        supply.onRefill = { [weak self] in self?.work() }
    }

    package func attach(to transport: any VirtioTransport) {}

    package func readConfiguration(_ access: Access) -> UInt64 { access.width.mask }

    package func writeConfiguration(_ value: UInt64, _ access: Access) {}

    package func negotiated(_ features: VirtioFeatures) {}

    package func start(_ queue: consuming Virtqueue, at index: Int, with port: QueuePort) {
        // A noncopyable value reaches a closure only through an optional that it can be taken from.
        var arrival: Virtqueue? = consume queue
        state.withLock { state in
            guard let queue = arrival.take() else { return }
            state.worker = EntropyWorker(queue: queue, port: port)
            do throws(Errno) {
                state.kick = try loop.watch(port.kick.fileDescriptor, .readable) { [weak self] _ in
                    port.kick.drain()
                    self?.work()
                }
            } catch {
                port.fail(.host(error))
            }
        }
        port.kick.signal()
    }

    package func stop(_ index: Int) -> Virtqueue? {
        state.withLock { state in
            state.kick?.cancel()
            state.kick = nil
            state.supply.cancel()
            return state.worker.take()?.finish()
        }
    }

    package func reset() { state.withLock { $0.supply.reset() } }

    private func work() {
        state.withLock { state in
            let supply = state.supply
            state.worker?.work(with: supply)
        }
    }
}

/// Fills the buffers of one started queue.
private struct EntropyWorker: ~Copyable {
    private var queue: Virtqueue
    private let port: QueuePort
    private var chain = DescriptorChain()
    /// `chain` was taken and waits for bytes.
    private var isWaiting = false
    private var isBroken = false

    init(queue: consuming Virtqueue, port: QueuePort) {
        self.queue = queue
        self.port = port
    }

    /// Gives the queue up; a chain that waits is taken again when it starts the next time.
    consuming func finish() -> Virtqueue {
        if isWaiting { queue.putBack() }
        return queue
    }

    mutating func work(with supply: EntropySupply) {
        repeat {
            queue.suppressKicks()
            while takeOne() {
                let written = unsafe supply.fill(chain.writable)
                if written == 0 { break }
                isWaiting = false
                queue.complete(chain.head, written: UInt32(clamping: written))
            }
            if queue.publish() { port.interrupt.signal() }
            // While a chain waits for bytes, more of them would only wait too.
        } while queue.resumeKicks() && !isWaiting && !isBroken
    }

    private mutating func takeOne() -> Bool {
        if isWaiting { return true }
        guard !isBroken else { return false }
        do throws(VirtqueueError) {
            guard try queue.next(into: &chain) else { return false }
            guard chain.writableCount > 0 else { throw .request("has no buffer to fill") }
            isWaiting = true
            return true
        } catch {
            isBroken = true
            port.fail(error)
            return false
        }
    }
}
