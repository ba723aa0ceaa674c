internal import CLinux
internal import Host
internal import Log
internal import Synchronization

/// Draws random bytes from a source within a quota, and says when there are more after there were none.
///
/// Used under its device's lock. The quota is refilled in whole at the end of each period in which something was drawn.
final class EntropySupply: Sendable {
    /// The most that one request gets: a guest that asks for gigabytes must not hold the loop.
    private static let requestLimit = 64 << 10
    private static let retryNanoseconds: UInt64 = 10_000_000

    private struct State {
        var remaining: UInt64
        var isPeriodRunning = false
        var watch: EventLoop.Watch?
        var hasEnded = false
    }

    private let source: EntropySource
    private let quota: EntropyQuota?
    private let clock: Clock
    private let loop: EventLoop
    private let name: String
    private let log: Log
    private let state: Mutex<State>
    private let refill = Mutex<(@Sendable () -> Void)?>(nil)
    private let timers = Mutex<Timers?>(nil)

    private struct Timers {
        /// The quota's period.
        let period: Clock.Timer
        /// Asks a source again that cannot be waited for.
        let retry: Clock.Timer
    }

    init(_ source: EntropySource, quota: EntropyQuota?, clock: Clock, loop: EventLoop, name: String, log: Log) {
        self.source = source
        self.quota = quota
        self.clock = clock
        self.loop = loop
        self.name = name
        self.log = log
        state = Mutex(State(remaining: quota?.bytes ?? .max))
        let made = Timers(
            period: clock.makeTimer { [weak self] in self?.periodEnded() },
            retry: clock.makeTimer { [weak self] in self?.announce() })
        timers.withLock { $0 = made }
    }

    /// Called (on the device's loop) when `fill` may give bytes again after it gave none.
    var onRefill: (@Sendable () -> Void)? {
        get { refill.withLock { $0 } }
        set { refill.withLock { $0 = newValue } }
    }

    /// Fills as much of the segments as source and quota allow; 0: nothing now, `onRefill` follows.
    func fill(_ segments: UnsafeBufferPointer<iovec>) -> Int {
        state.withLock { state in
            guard !state.hasEnded, state.watch == nil else { return 0 }
            var limit = Int(clamping: min(state.remaining, UInt64(EntropySupply.requestLimit)))
            var total = 0
            for unsafe segment in unsafe segments where limit > 0 {
                guard let base = unsafe segment.iov_base else { break }
                let wanted = unsafe min(segment.iov_len, limit)
                switch unsafe source.read(into: base, wanted) {
                case .bytes(let count):
                    total += count
                    limit -= count
                    if count == wanted { continue }
                case .wait(let descriptor):
                    if total == 0 { watch(descriptor, &state) }
                case .ended:
                    state.hasEnded = true
                    log.warning("\(name): the source of random numbers has ended.")
                }
                break
            }
            charge(total, &state)
            return total
        }
    }

    private func charge(_ count: Int, _ state: inout State) {
        guard let quota else { return }
        state.remaining -= min(state.remaining, UInt64(count))
        guard !state.isPeriodRunning else { return }
        state.isPeriodRunning = true
        timers.withLock { $0?.period.arm(at: clock.now &+ quota.nanoseconds) }
    }

    private func periodEnded() {
        state.withLock { state in
            state.remaining = quota?.bytes ?? .max
            state.isPeriodRunning = false
        }
        announce()
    }

    private func announce() {
        loop.post { [weak self] in self?.onRefill?() }
    }

    private func watch(_ descriptor: Int32, _ state: inout State) {
        do throws(Errno) {
            state.watch = try loop.watch(descriptor, .readable) { [weak self] _ in
                self?.cancel()
                self?.onRefill?()
            }
        } catch {
            // Not every device can be waited for (hardware generators cannot): it is asked again soon.
            timers.withLock { $0?.retry.arm(at: clock.now &+ EntropySupply.retryNanoseconds) }
        }
    }

    /// Stops waiting for the source.
    func cancel() {
        state.withLock { state in
            state.watch?.cancel()
            state.watch = nil
        }
    }

    func reset() {
        timers.withLock { timers in
            timers?.period.cancel()
            timers?.retry.cancel()
        }
        state.withLock { state in
            state.remaining = quota?.bytes ?? .max
            state.isPeriodRunning = false
        }
    }
}
