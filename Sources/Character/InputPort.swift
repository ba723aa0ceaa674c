internal import CLinux
internal import Glibc
internal import Host
internal import Synchronization

/// The reading half of a back end: reads a descriptor as far as its owner has room.
///
/// While there is no room the descriptor is not read, so bytes wait in the kernel. Reading happens on the loop;
/// `resume` may come from any thread.
final class InputPort: Sendable {
    /// What an input port asks and tells; on the loop, under no lock.
    protocol Owner: AnyObject, Sendable {
        /// How many bytes it can take.
        func room(in port: InputPort) -> Int
        func take(_ bytes: [UInt8], from port: InputPort)
        /// No more will come: the end of the file, or an error. `rest` was read although there was no room, because
        /// the sender hung up.
        func ended(_ port: InputPort, rest: [UInt8])
    }

    private struct State {
        var watch: EventLoop.Watch?
        /// No room, or not started yet.
        var isPaused = true
        var hasEnded = false
    }

    private static let chunk = 4096
    /// The most that is read ahead of the front end when a peer hangs up: more than a socket holds by default.
    private static let restLimit = 1 << 20
    /// The peer will send no more (EPOLLRDHUP); bytes may still wait.
    private static let hungUp = EventLoop.Events(rawValue: UInt32(EPOLLRDHUP.rawValue))

    private let descriptor: FileDescriptor
    private let isSocket: Bool
    private let loop: EventLoop
    private weak let owner: (any Owner)?
    private let state = Mutex(State())
    private let passed = Mutex(PassedDescriptors())

    /// Nothing is read before the first `resume`.
    init(_ descriptor: consuming FileDescriptor, isSocket: Bool, loop: EventLoop, owner: any Owner) {
        self.descriptor = descriptor
        self.isSocket = isSocket
        self.loop = loop
        self.owner = owner
    }

    /// There is room. Idempotent; from any thread.
    func resume() {
        state.withLock { state in
            guard state.isPaused, !state.hasEnded else { return }
            state.isPaused = false
            watch(&state)
        }
    }

    /// Reads on after an end that was not one (a terminal whose other side is opened again).
    func restart() {
        state.withLock { state in
            guard state.hasEnded else { return }
            state.hasEnded = false
            state.isPaused = false
            watch(&state)
        }
    }

    /// Ends the port; the owner hears nothing more.
    func close() {
        state.withLock { state in
            state.hasEnded = true
            state.watch?.cancel()
            state.watch = nil
        }
    }

    func takeDescriptor() -> FileDescriptor? { passed.withLock { $0.take() } }

    // MARK: On the loop

    private func watch(_ state: inout State) {
        if let watch = state.watch { return watch.change(to: [.readable, InputPort.hungUp]) }
        do throws(Errno) {
            state.watch = try loop.watch(descriptor.rawValue, [.readable, InputPort.hungUp]) { [weak self] in
                self?.becameReady($0)
            }
        } catch {
            // What epoll refuses (regular files, /dev/null) never makes a reader wait: one turn of the loop each.
            loop.post { [weak self] in self?.becameReady(.readable) }
        }
    }

    private func becameReady(_ events: EventLoop.Events) {
        guard let owner else { return }
        let (isPaused, hasEnded) = state.withLock { ($0.isPaused, $0.hasEnded) }
        if hasEnded { return }
        if isPaused {
            // A paused watch still reports that the peer hung up.
            if !events.isDisjoint(with: [InputPort.hungUp, .closed]) { readRest(for: owner) }
            return
        }

        let room = owner.room(in: self)
        guard room > 0 else { return pause(for: owner) }
        switch read(min(room, InputPort.chunk)) {
        case .success(let bytes) where bytes.isEmpty: end(owner)
        case .success(let bytes):
            owner.take(bytes, from: self)
            state.withLock { state in
                // Without a watch nothing else would bring us back here.
                if state.watch == nil, !state.isPaused, !state.hasEnded { watch(&state) }
            }
        case .failure(.wouldBlock): break
        case .failure: end(owner)
        }
    }

    private func pause(for owner: any Owner) {
        state.withLock { state in
            state.isPaused = true
            if isSocket {
                // Who hangs up is noticed at once, so that the next client need not wait for a guest that does not
                // read.
                state.watch?.change(to: InputPort.hungUp)
            } else {
                // Elsewhere a hang-up cannot be told from bytes that wait, and would be reported without end.
                state.watch?.cancel()
                state.watch = nil
            }
        }
        // Room that was made before the pause could be seen is not announced again.
        if owner.room(in: self) > 0 { resume() }
    }

    /// The peer hung up while its last bytes wait for room: takes them over, so that the connection can end now.
    private func readRest(for owner: any Owner) {
        var rest: [UInt8] = []
        while rest.count < InputPort.restLimit, case .success(let bytes) = read(InputPort.chunk), !bytes.isEmpty {
            rest += bytes
        }
        end(owner, rest: rest)
    }

    private func end(_ owner: any Owner, rest: [UInt8] = []) {
        let isFirst = state.withLock { state in
            defer { state.hasEnded = true }
            state.watch?.cancel()
            state.watch = nil
            return !state.hasEnded
        }
        if isFirst { owner.ended(self, rest: rest) }
    }

    private func read(_ limit: Int) -> Result<[UInt8], Errno> {
        var failure: Errno?
        // The kernel fills the array's own storage, of which `count` bytes are then valid.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            do throws(Errno) {
                if isSocket {
                    count = try passed.withLock { passed throws(Errno) in
                        unsafe try Socket.receive(descriptor.rawValue, into: bytes, passed: &passed)
                    }
                } else {
                    count = unsafe try descriptor.read(into: bytes)
                }
            } catch {
                count = 0
                failure = error
            }
        }
        return failure.map { .failure($0) } ?? .success(bytes)
    }
}
