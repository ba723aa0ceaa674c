internal import Character
internal import Synchronization

/// Puts a character stream and a monitor's sessions together: one client at a time, a new session for each.
///
/// A client that sends commands and does not read the replies gets nothing more done once a MiB waits for it, so it
/// holds up nobody but itself, and loses no reply. Events for it are kept up to `limit`; a client that lets even that
/// fill up has lost interest and gets nothing more until it reads.
///
/// Control thread only.
final class MonitorPort: MonitorEnd {
    private struct State {
        var session: Session?
        var outgoing: [UInt8] = []
        var isHeld = false
    }

    private static let highWater = 1 << 20
    private static let limit = 16 << 20

    private let monitor: Monitor
    let backend: any CharacterBackend
    private let state = Mutex(State())

    /// Begins to serve `backend`.
    init(_ monitor: Monitor, _ backend: any CharacterBackend) {
        self.monitor = monitor
        self.backend = backend
    }

    /// Sends what was written; used before the process ends, so that the last reply arrives.
    func flush() {
        state.withLock { state in
            let sent = backend.write(state.outgoing.span)
            state.outgoing.removeFirst(sent)
        }
    }

    // MARK: CharacterFrontEnd

    var receiveCapacity: Int {
        state.withLock { state in
            state.isHeld = state.outgoing.count > MonitorPort.highWater || state.session?.isHeld == true
            return state.isHeld ? 0 : 64 << 10
        }
    }

    func receive(_ bytes: [UInt8]) {
        let session = state.withLock { $0.session }
        session?.received(bytes)
    }

    func backendIsWritable() {
        flush()
        // Outside the lock: commands send replies.
        state.withLock { $0.session }?.proceed()
        let goesOn = state.withLock { state in
            guard state.isHeld, state.outgoing.count <= MonitorPort.highWater, state.session?.isHeld != true else {
                return false
            }
            state.isHeld = false
            return true
        }
        if goesOn { backend.resumeInput() }
    }

    func handle(_ event: CharacterEvent) {
        switch event {
        case .opened:
            let session = monitor.makeSession(
                hasRoom: { [weak self] in self?.hasRoom ?? false },
                descriptors: { [backend] in backend.takeDescriptor() },
                output: { [weak self] in self?.send($0) })
            let old = state.withLock { state in
                let old = state.session
                state.session = session
                state.outgoing = []
                return old
            }
            old?.closed()
            session.opened()
        case .closed:
            let old = state.withLock { state in
                let old = state.session
                state.session = nil
                state.outgoing = []
                return old
            }
            old?.closed()
        case .lineBreak, .focused, .unfocused: break
        }
    }

    private var hasRoom: Bool { state.withLock { $0.outgoing.count <= MonitorPort.highWater } }

    private func send(_ bytes: [UInt8]) {
        let fits = state.withLock { state in
            guard state.outgoing.count + bytes.count <= MonitorPort.limit else { return false }
            state.outgoing += bytes
            return true
        }
        if fits { flush() }
    }
}
