internal import CLinux
internal import Glibc
internal import Host
internal import Synchronization

/// The writing half of a back end: a descriptor that is written to from any thread and never waited for.
///
/// The descriptor is closed with the object. That makes closing safe while a vCPU is inside `write`: its reference
/// keeps the number from being reused under it.
final class OutputPort: Sendable {
    /// How to write without waiting.
    enum Kind: Sendable {
        /// The descriptor is non-blocking, or a file, which never makes one wait.
        case plain
        /// A socket, whose flags need not be touched.
        case socket
        /// A blocking descriptor that cannot be opened anew: look first, write a little.
        case polled
    }

    private struct State {
        var watch: EventLoop.Watch?
        /// Everything is discarded from now on.
        var isDead = false
    }

    private let descriptor: FileDescriptor
    private let kind: Kind
    private let loop: EventLoop
    private let writable: @Sendable () -> Void
    private let failed: @Sendable (Errno) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - writable: called on the loop after a write that was cut short, once the descriptor takes bytes again.
    ///   - failed: called once, under no lock but on the writing thread, when writing has become impossible.
    init(
        _ descriptor: consuming FileDescriptor, _ kind: Kind, loop: EventLoop,
        writable: @escaping @Sendable () -> Void, failed: @escaping @Sendable (Errno) -> Void = { _ in }
    ) {
        self.descriptor = descriptor
        self.kind = kind
        self.loop = loop
        self.writable = writable
        self.failed = failed
    }

    /// As `CharacterBackend.write`: how many bytes were taken, all of them where nobody listens any more.
    func write(_ bytes: Span<UInt8>) -> Int {
        var failure: Errno?
        let taken: Int = state.withLock { state in
            guard !state.isDead else { return bytes.count }
            var done = 0
            while done < bytes.count {
                let count = attempt(bytes, from: done)
                if count > 0 {
                    done += count
                    continue
                }
                let error = count == 0 ? Errno.wouldBlock : Errno.current
                if error == .interrupted { continue }
                if error == .wouldBlock {
                    arm(&state)
                    return done
                }
                state.isDead = true
                failure = error
                return bytes.count
            }
            return done
        }
        if let failure { failed(failure) }
        return taken
    }

    /// Whether the other side has not hung up.
    var isHeard: Bool {
        var query = pollfd(fd: descriptor.rawValue, events: 0, revents: 0)
        return unsafe poll(&query, 1, 0) >= 0 && query.revents & Int16(POLLHUP | POLLERR) == 0
    }

    /// Ends the port. The descriptor closes as soon as nobody is inside `write` any more.
    func close() {
        state.withLock { state in
            state.isDead = true
            state.watch?.cancel()
            state.watch = nil
        }
    }

    /// One system call: how many bytes went; 0 or -1 with `errno` if none.
    private func attempt(_ bytes: Span<UInt8>, from start: Int) -> Int {
        // The kernel only reads the bytes, inside the call.
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            let rest = buffer.count - start
            switch kind {
            case .plain:
                return unsafe Glibc.write(descriptor.rawValue, base + start, rest)
            case .socket:
                return unsafe apus_send(descriptor.rawValue, base + start, rest)
            case .polled:
                var query = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
                guard unsafe poll(&query, 1, 0) > 0 else { return 0 }
                // A pipe that is ready takes a page at once, a terminal at least this much.
                return unsafe Glibc.write(descriptor.rawValue, base + start, min(rest, 64))
            }
        }
    }

    private func arm(_ state: inout State) {
        guard state.watch == nil else { return }
        do throws(Errno) {
            state.watch = try loop.watch(descriptor.rawValue, .writable) { [weak self] _ in self?.becameWritable() }
        } catch {
            // Out of kernel memory for one more watch: come again by way of the loop instead.
            loop.post { [weak self] in self?.becameWritable() }
        }
    }

    private func becameWritable() {
        let isAlive = state.withLock { state in
            state.watch?.cancel()
            state.watch = nil
            return !state.isDead
        }
        if isAlive { writable() }
    }
}
