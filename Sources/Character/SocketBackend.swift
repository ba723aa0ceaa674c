internal import CLinux
internal import Glibc
package import Host
internal import Synchronization

/// `socket`: a unix or TCP stream, as a server or as a client.
///
/// A server talks to one client at a time; others wait in the kernel until it leaves. Output without a client is
/// discarded. A client that has lost its server stays alone, unless it was told to try again (`reconnect=`).
///
/// ```
///   listening ──client comes──► connected ──client leaves──► listening …
///   connecting ──server there──► connected ──server leaves──► (seconds pass) connecting …
/// ```
package final class SocketBackend: CharacterBackend {
    /// One conversation.
    private struct Connection: Sendable {
        let input: InputPort
        let output: OutputPort
    }

    private struct State {
        var connection: Connection?
        var listenerWatch: EventLoop.Watch?
        var isClosed = false
        /// A client could not be accepted for want of descriptors or memory: it waits until the next output.
        var isStalled = false
        /// The last words of clients that hung up before the front end had room for them.
        var leftover = ByteQueue(limit: 1 << 21)
        /// A connection in the making, or the timer until the next attempt.
        var attempt: EventLoop.Watch?
    }

    private let name: String
    private let loop: EventLoop
    private let listener: SocketListener?
    private let reconnection: Reconnection?
    private let frontEnd = FrontEndSlot()
    private let state = Mutex(State())

    /// Serves clients of `listener`, from the loop's next turn on.
    package init(listener: SocketListener, loop: EventLoop) throws(CharacterError) {
        self.listener = listener
        reconnection = nil
        self.loop = loop
        name = (listener.address?.description ?? "fd:\(listener.fileDescriptor)") + ",server=on"
        try listen()
    }

    /// Talks over a socket that is connected already.
    package init(connected socket: consuming FileDescriptor, name: String, loop: EventLoop) throws(CharacterError) {
        listener = nil
        reconnection = nil
        self.loop = loop
        self.name = name
        do throws(Errno) {
            try open(socket)
        } catch {
            throw .cannotWatch(name: name, errno: error)
        }
    }

    /// Listens at `address`.
    package convenience init(listeningAt address: SocketAddress, loop: EventLoop) throws(CharacterError) {
        let listener: SocketListener
        do throws(SocketError) { listener = try SocketListener(address) } catch { throw .socket(error) }
        try self.init(listener: listener, loop: loop)
    }

    /// Connects to `address`.
    package convenience init(connectingTo address: SocketAddress, loop: EventLoop) throws(CharacterError) {
        let socket: FileDescriptor
        do throws(SocketError) { socket = try Socket.connect(to: address) } catch { throw .socket(error) }
        try self.init(connected: socket, name: address.description, loop: loop)
    }

    /// Connects to `address` as soon as somebody listens there, and again after each loss: every `seconds` an attempt.
    /// Waits for nothing but the resolution of a host's name.
    package init(connectingTo address: SocketAddress, again seconds: Int, loop: EventLoop) throws(CharacterError) {
        listener = nil
        self.loop = loop
        name = address.description
        do throws(Errno) {
            reconnection = try Reconnection(address, seconds: seconds)
        } catch {
            throw .cannotWatch(name: address.description, errno: error)
        }
        attemptConnection()
    }

    deinit { close() }

    /// Where a server listens, with the port that the kernel chose.
    package var address: SocketAddress? { listener?.address }

    package var description: String { isOpen ? name : "disconnected:\(name)" }

    package var isOpen: Bool { state.withLock { $0.connection != nil } }

    /// `wait=on`: returns when the first client is there. Blocks; before the loop runs.
    ///
    /// - Parameter interruption: a descriptor that ends the wait by becoming readable (the process's signalfd).
    package func waitForClient(interruption: Int32? = nil) throws(CharacterError) {
        guard let listener else { return }
        while !isOpen {
            var queries = [
                pollfd(fd: listener.fileDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: interruption ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let count = unsafe poll(&queries, 2, -1)
            if count > 0, queries[1].revents != 0 { throw .interrupted }
            if count > 0 { acceptClient() }
        }
    }

    // MARK: The front end's calls

    package func attach(_ frontEnd: any CharacterFrontEnd) {
        self.frontEnd.set(frontEnd)
        self.frontEnd.announce(frontEnd, on: loop) { [weak self] in self?.isOpen ?? false }
        resumeInput()
    }

    package func detach() { frontEnd.set(nil) }

    package func write(_ bytes: Span<UInt8>) -> Int {
        // Out of the lock before the system call: a client that leaves must not wait for it.
        let (output, isStalled) = state.withLock { ($0.connection?.output, $0.isStalled) }
        if isStalled { loop.post { [weak self] in self?.listenAgain() } }
        return output?.write(bytes) ?? bytes.count
    }

    package func resumeInput() {
        let (input, hasLeftover) = state.withLock { ($0.connection?.input, !$0.leftover.isEmpty) }
        if hasLeftover {
            loop.post { [weak self] in self?.deliverLeftover() }
        } else {
            input?.resume()
        }
    }

    package func takeDescriptor() -> FileDescriptor? {
        state.withLock { $0.connection?.input }?.takeDescriptor()
    }

    package func close() {
        let connection = state.withLock { state in
            defer { state.connection = nil }
            state.isClosed = true
            state.listenerWatch?.cancel()
            state.listenerWatch = nil
            state.attempt?.cancel()
            state.attempt = nil
            return state.connection
        }
        connection?.input.close()
        connection?.output.close()
        listener?.close()
        frontEnd.set(nil)
    }

    // MARK: On the loop

    private func listen() throws(CharacterError) {
        guard let listener else { return }
        do throws(Errno) {
            let watch = try loop.watch(listener.fileDescriptor, .readable) { [weak self] _ in self?.acceptClient() }
            state.withLock { $0.listenerWatch = watch }
        } catch {
            throw .cannotWatch(name: name, errno: error)
        }
    }

    private func listenAgain() {
        let isStalled = state.withLock { state in
            defer { state.isStalled = false }
            return state.isStalled && !state.isClosed
        }
        if isStalled { try? listen() }
    }

    private func endListening(_ state: inout State) {
        state.listenerWatch?.cancel()
        state.listenerWatch = nil
    }

    private func acceptClient() {
        guard let listener, !isOpen else { return }
        do throws(Errno) {
            guard let socket = try listener.accept() else { return }
            try open(socket)
        } catch {
            // Out of descriptors or memory: to watch on would be to try again without rest.
            return state.withLock { state in
                state.isStalled = true
                endListening(&state)
            }
        }
        state.withLock { endListening(&$0) }
        frontEnd.current?.handle(.opened)
        resumeInput()
    }

    private func open(_ socket: consuming FileDescriptor) throws(Errno) {
        // Two descriptors, so that reading and writing are watched apart.
        let copy = try socket.duplicate()
        let frontEnd = self.frontEnd
        let connection = Connection(
            input: InputPort(socket, isSocket: true, loop: loop, owner: self),
            output: OutputPort(copy, .socket, loop: loop, writable: { frontEnd.current?.backendIsWritable() }))
        state.withLock { $0.connection = connection }
    }

    /// Gives the front end what earlier clients left; the present one is read afterwards.
    private func deliverLeftover() {
        while let frontEnd = frontEnd.current {
            let room = frontEnd.receiveCapacity
            let bytes = state.withLock { $0.leftover.take(room) }
            if bytes.isEmpty { break }
            frontEnd.receive(bytes)
        }
        let input = state.withLock { $0.leftover.isEmpty ? $0.connection?.input : nil }
        input?.resume()
    }
}

extension SocketBackend: InputPort.Owner {
    func room(in port: InputPort) -> Int {
        let isFree = state.withLock { $0.leftover.isEmpty }
        return isFree ? frontEnd.current?.receiveCapacity ?? 0 : 0
    }

    func take(_ bytes: [UInt8], from port: InputPort) { frontEnd.current?.receive(bytes) }

    func ended(_ port: InputPort, rest: [UInt8]) {
        let connection: Connection? = state.withLock { state in
            guard let connection = state.connection, connection.input === port else { return nil }
            _ = state.leftover.append(rest)
            state.connection = nil
            return connection
        }
        guard let connection else { return }
        connection.output.close()
        frontEnd.current?.handle(.closed)
        // What waited for this client to read it need wait no longer.
        frontEnd.current?.backendIsWritable()
        guard !state.withLock({ $0.isClosed }) else { return }
        if reconnection != nil { waitForNextAttempt() }
        guard listener != nil else { return }
        // Fails only when the kernel is out of memory; the server then stays closed.
        try? listen()
    }
}

// MARK: reconnect=

extension SocketBackend {
    /// Where to connect to, and when.
    fileprivate final class Reconnection: Sendable {
        let address: SocketAddress
        private let seconds: Int
        let timer: FileDescriptor

        init(_ address: SocketAddress, seconds: Int) throws(Errno) {
            self.address = address
            self.seconds = seconds
            let flags = Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK)
            timer = FileDescriptor(owning: try Errno.check(timerfd_create(CLOCK_MONOTONIC, flags)))
        }

        /// Makes the timer readable once, when it is time.
        func startTimer() {
            var setting = itimerspec()
            setting.it_value.tv_sec = seconds
            _ = unsafe timerfd_settime(timer.rawValue, 0, &setting, nil)
        }
    }

    /// A socket that may be connected soon; shared with the handler that watches it.
    private final class Attempt: Sendable {
        let socket: FileDescriptor
        init(_ socket: consuming FileDescriptor) { self.socket = socket }
    }

    /// Begins to connect. On the loop, or before it runs.
    private func attemptConnection() {
        guard let reconnection, !state.withLock({ $0.isClosed }) else { return }
        guard let socket = try? Socket.beginConnecting(to: reconnection.address) else { return waitForNextAttempt() }
        let attempt = Attempt(socket)
        // The handler keeps the socket open as long as the watch lives.
        let watch = try? loop.watch(attempt.socket.rawValue, .writable) { [weak self] _ in self?.finish(attempt) }
        guard let watch else { return waitForNextAttempt() }
        state.withLock { $0.attempt = watch }
    }

    private func finish(_ attempt: Attempt) {
        endAttempt()
        guard Socket.connectionError(of: attempt.socket.rawValue) == nil, let socket = try? attempt.socket.duplicate(),
            (try? open(socket)) != nil
        else { return waitForNextAttempt() }
        frontEnd.current?.handle(.opened)
        resumeInput()
    }

    private func waitForNextAttempt() {
        guard let reconnection else { return }
        reconnection.startTimer()
        // Without a watch (the kernel is out of memory) there is no further attempt.
        let watch = try? loop.watch(reconnection.timer.rawValue, .readable) { [weak self] _ in
            self?.endAttempt()
            self?.attemptConnection()
        }
        state.withLock { $0.attempt = watch }
    }

    private func endAttempt() {
        state.withLock { state in
            state.attempt?.cancel()
            state.attempt = nil
        }
    }
}
