internal import CLinux
package import Configuration
internal import Glibc
internal import Host
internal import QTest
internal import Synchronization

/// `-qtest`: the socket of a test that drives the machine's ports, memory, time and interrupts.
///
/// ```
///   TestChannel(…)        connected, or listening: before the machine is built, as a test waits for that first
///   serve(machine)        from now on commands reach the machine, on its control loop
/// ```
///
/// A test that hangs up leaves the machine as it is; a listening channel then takes the next one. The channel works
/// beside any accelerator: where guest code runs, time is not the test's to turn and interrupts are not told.
///
/// Control thread only.
package final class TestChannel: Sendable {
    private struct State: ~Copyable {
        /// The test that waits for `serve`.
        var connection: FileDescriptor?
        var session: QTestSession?
        var watch: EventLoop.Watch?
        var isClosed = false
    }

    private let listener: SocketListener?
    private let log: QTestLog?
    private let state: Mutex<State>

    /// Opens the channel; nil if no `-qtest` asks for one.
    ///
    /// - Parameter interruption: a descriptor that ends the wait for a client (`server=on,wait=on`) by becoming
    ///   readable.
    package init?(_ configuration: TestConfiguration?, interruption: Int32? = nil) throws(MachineError) {
        guard let configuration, let channel = configuration.channel else { return nil }
        guard case .backend(.socket(let socket)) = channel else {
            throw .part(option: "-qtest", reason: "A test needs a socket of its own, unix:PATH or tcp:HOST:PORT.")
        }
        log = try TestChannel.openLog(configuration.log)
        var connection: FileDescriptor?
        if socket.isServer {
            let listener = try blaming("-qtest") { () throws(SocketError) in try TestChannel.listen(socket.address) }
            if socket.waits { connection = try TestChannel.waitForClient(of: listener, interruption) }
            self.listener = listener
        } else {
            connection = try blaming("-qtest") { () throws(SocketError) in try TestChannel.connect(socket.address) }
            listener = nil
        }
        state = Mutex(State(connection: connection))
    }

    /// Lets the test reach the machine, from the next turn of its loop on. Once.
    package func serve(_ machine: Machine) throws(MachineError) {
        if let connection = state.withLock({ $0.connection.take() }) {
            try begin(connection, machine)
        } else {
            try listen(for: machine)
        }
    }

    /// Hangs up and removes the socket's file. Idempotent.
    package func close() {
        let (session, watch) = state.withLock { state in
            state.isClosed = true
            state.connection = nil
            defer { (state.session, state.watch) = (nil, nil) }
            return (state.session, state.watch)
        }
        session?.close()
        watch?.cancel()
        listener?.close()
    }

    // MARK: On the loop

    private func begin(_ connection: consuming FileDescriptor, _ machine: Machine) throws(MachineError) {
        // Only the accelerator without a guest keeps levels that could be told.
        let interrupts = (machine.hypervisor as? QTestMachine)?.interrupts
        let target = QTestTarget(
            memory: machine.memory, buses: machine.buses, clock: machine.clock, interrupts: interrupts)
        do throws(Errno) {
            let session = try QTestSession(connection, loop: machine.loop, target: target, log: log) {
                [weak self, weak machine] in
                guard let self, let machine else { return }
                state.withLock { $0.session = nil }
                // Fails only when the kernel is out of memory; no test comes any more then.
                try? listen(for: machine)
            }
            state.withLock { $0.session = session }
        } catch {
            throw .system(action: "serve -qtest", errno: error)
        }
    }

    /// Takes the next client that comes, if this is a listening channel.
    private func listen(for machine: Machine) throws(MachineError) {
        guard let listener, !state.withLock({ $0.isClosed }) else { return }
        do throws(Errno) {
            let watch = try machine.loop.watch(listener.fileDescriptor, .readable) { [weak self, weak machine] _ in
                // A client that left before it was accepted, or cannot be, is no reason to end the machine.
                guard let self, let machine, let connection = try? listener.accept() else { return }
                state.withLock { $0.watch.take() }?.cancel()
                try? begin(connection, machine)
            }
            state.withLock { $0.watch = watch }
        } catch {
            throw .system(action: "listen for -qtest", errno: error)
        }
    }

    // MARK: Opening

    private static func connect(_ address: SocketConfiguration.Address) throws(SocketError) -> FileDescriptor {
        switch address {
        case .unix(let path): try Socket.connect(to: .unix(path: path))
        case .tcp(let host, let port): try Socket.connect(to: .tcp(host: host, port: port))
        case .descriptor(let text): try Socket.adopt(connected: Int32(text) ?? -1)
        }
    }

    private static func listen(_ address: SocketConfiguration.Address) throws(SocketError) -> SocketListener {
        switch address {
        case .unix(let path): try SocketListener(.unix(path: path))
        case .tcp(let host, let port): try SocketListener(.tcp(host: host, port: port))
        case .descriptor(let text): try SocketListener(adopting: Int32(text) ?? -1)
        }
    }

    private static func waitForClient(
        of listener: SocketListener, _ interruption: Int32?
    ) throws(MachineError) -> FileDescriptor {
        while true {
            var queries = [
                pollfd(fd: listener.fileDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: interruption ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            // Both entries are this array's own; -1 is a descriptor that poll skips.
            _ = unsafe poll(&queries, 2, -1)
            if queries[1].revents != 0 {
                throw .part(option: "-qtest", reason: "The wait for a test was interrupted.")
            }
            do throws(Errno) {
                if let connection = try listener.accept() { return connection }
            } catch {
                throw .system(action: "accept a client of -qtest", errno: error)
            }
        }
    }

    private static func openLog(_ path: String?) throws(MachineError) -> QTestLog? {
        do throws(Errno) {
            return try QTestLog.open(path)
        } catch {
            throw .part(option: "-qtest-log", reason: "Cannot open '\(path ?? "")': \(error).")
        }
    }
}
