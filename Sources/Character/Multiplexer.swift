package import Host
internal import Synchronization

/// `mux`: several front ends on one back end, as `-nographic` and `mon:stdio` put a console and a monitor on one
/// terminal.
///
/// Output of all ports goes out as it comes; input goes to the port that has the focus. `Ctrl-A` begins a command to
/// the multiplexer itself:
///
/// | keys | |
/// |---|---|
/// | `Ctrl-A h` | lists these |
/// | `Ctrl-A x` | ends Apus |
/// | `Ctrl-A b` | sends a break |
/// | `Ctrl-A c` | gives the focus to the next port (console, monitor) |
/// | `Ctrl-A Ctrl-A` | sends one Ctrl-A |
///
/// Each port has a queue of its own for input, so that a guest which does not read cannot keep `Ctrl-A x` from being
/// seen.
package final class Multiplexer: Sendable {
    package static let defaultEscape: UInt8 = 0x01
    private static let queueLimit = 4096

    private struct State {
        var ports: [Port] = []
        var focus = 0
        var isEscaped = false
        /// What the multiplexer itself has to say.
        var notice = OutputQueue(limit: 4096)
    }

    private let backend: any CharacterBackend
    private let loop: EventLoop
    private let escape: UInt8
    private let quit: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter quit: what `Ctrl-A x` does; called on the loop.
    package init(
        _ backend: any CharacterBackend, loop: EventLoop, escape: UInt8 = Multiplexer.defaultEscape,
        quit: @escaping @Sendable () -> Void
    ) {
        self.backend = backend
        self.loop = loop
        self.escape = escape
        self.quit = quit
        backend.attach(self)
    }

    /// A new port; the first one has the focus. On the control thread.
    package func makePort() -> Port {
        state.withLock { state in
            let port = Port(self, index: state.ports.count)
            state.ports.append(port)
            return port
        }
    }

    /// Ends the back end and every port.
    package func close() {
        let ports = state.withLock { state in
            defer { state.ports = [] }
            return state.ports
        }
        for port in ports { port.detach() }
        backend.close()
    }
}

// MARK: A port

extension Multiplexer {
    /// One front end's connection to the multiplexer.
    package final class Port: CharacterBackend {
        fileprivate struct State {
            var input = ByteQueue(limit: Multiplexer.queueLimit)
            /// Its last write was cut short.
            var isWaiting = false
        }

        fileprivate let index: Int
        fileprivate let frontEnd = FrontEndSlot()
        fileprivate let state = Mutex(State())
        private let multiplexer: Multiplexer

        fileprivate init(_ multiplexer: Multiplexer, index: Int) {
            self.multiplexer = multiplexer
            self.index = index
        }

        package var description: String { "mux" }
        package var isOpen: Bool { multiplexer.backend.isOpen }
        package var hasFocus: Bool { multiplexer.state.withLock { $0.focus == index } }

        package func attach(_ frontEnd: any CharacterFrontEnd) {
            self.frontEnd.set(frontEnd)
            self.frontEnd.announce(frontEnd, on: multiplexer.loop) { [weak self] in self?.isOpen ?? false }
            resumeInput()
        }

        package func detach() { frontEnd.set(nil) }

        package func write(_ bytes: Span<UInt8>) -> Int {
            multiplexer.write(bytes, for: self)
        }

        package func resumeInput() {
            multiplexer.loop.post { [self] in multiplexer.deliver(to: self) }
        }

        package func takeDescriptor() -> FileDescriptor? { multiplexer.backend.takeDescriptor() }

        /// Ends this port only; the terminal stays with the others.
        package func close() { detach() }
    }
}

// MARK: Output

extension Multiplexer {
    fileprivate func write(_ bytes: Span<UInt8>, for port: Port) -> Int {
        state.withLock { state in
            // A notice goes out whole, before anything that comes after it.
            let taken = state.notice.flush(to: backend) ? backend.write(bytes) : 0
            // Under our lock, which `backendIsWritable` takes first: it cannot come between the write and the mark.
            if taken < bytes.count { port.state.withLock { $0.isWaiting = true } }
            return taken
        }
    }

    private func say(_ text: String) {
        state.withLock { $0.notice.send(Array(text.utf8), to: backend) }
    }

    private func help() {
        say(
            """
            \r
            Ctrl-A h   this help\r
            Ctrl-A x   end Apus\r
            Ctrl-A b   send a break\r
            Ctrl-A c   switch between console and monitor\r
            Ctrl-A Ctrl-A   send Ctrl-A\r

            """)
    }
}

// MARK: Input

extension Multiplexer: CharacterFrontEnd {
    package var receiveCapacity: Int {
        state.withLock { state in
            guard state.focus < state.ports.count else { return Multiplexer.queueLimit }
            return state.ports[state.focus].state.withLock { $0.input.room }
        }
    }

    package func receive(_ bytes: [UInt8]) {
        for byte in bytes { receive(byte) }
        for port in state.withLock({ $0.ports }) { deliver(to: port) }
    }

    private func receive(_ byte: UInt8) {
        enum Meaning { case nothing, data, command }
        let (meaning, port): (Meaning, Port?) = state.withLock { state in
            let port = state.focus < state.ports.count ? state.ports[state.focus] : nil
            if state.isEscaped {
                state.isEscaped = false
                return (byte == escape ? .data : .command, port)
            }
            if byte == escape {
                state.isEscaped = true
                return (.nothing, port)
            }
            return (.data, port)
        }
        switch meaning {
        case .nothing: break
        case .data: _ = port?.state.withLock { $0.input.append(byte) }
        case .command: perform(byte, port)
        }
    }

    private func perform(_ key: UInt8, _ port: Port?) {
        switch key {
        case UInt8(ascii: "h"), UInt8(ascii: "?"): help()
        case UInt8(ascii: "x"):
            say("\r\nApus: terminated\r\n")
            quit()
        case UInt8(ascii: "b"): port?.frontEnd.current?.handle(.lineBreak)
        case UInt8(ascii: "c"): switchFocus()
        default: break
        }
    }

    private func switchFocus() {
        let (old, new): (Port?, Port?) = state.withLock { state in
            guard state.ports.count > 1, state.focus < state.ports.count else { return (nil, nil) }
            let old = state.ports[state.focus]
            state.focus = (state.focus + 1) % state.ports.count
            return (old, state.ports[state.focus])
        }
        old?.frontEnd.current?.handle(.unfocused)
        new?.frontEnd.current?.handle(.focused)
    }

    /// Moves bytes from a port's queue to its front end. On the loop.
    fileprivate func deliver(to port: Port) {
        while let frontEnd = port.frontEnd.current {
            let isIdle = port.state.withLock { $0.input.isEmpty }
            guard !isIdle else { break }
            let room = frontEnd.receiveCapacity
            let bytes = port.state.withLock { $0.input.take(room) }
            if bytes.isEmpty { return }
            frontEnd.receive(bytes)
        }
        backend.resumeInput()
    }

    package func backendIsWritable() {
        let ports = state.withLock { state in state.notice.flush(to: backend) ? state.ports : [] }
        for port in ports {
            let wasWaiting = port.state.withLock { state in
                defer { state.isWaiting = false }
                return state.isWaiting
            }
            if wasWaiting { port.frontEnd.current?.backendIsWritable() }
        }
    }

    package func handle(_ event: CharacterEvent) {
        for port in state.withLock({ $0.ports }) { port.frontEnd.current?.handle(event) }
    }
}
