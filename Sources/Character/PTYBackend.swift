internal import CLinux
internal import Glibc
package import Host
internal import Synchronization

/// `pty`: a new pseudo-terminal, for `screen /dev/pts/3` or `virsh console`.
///
/// Only the master side stays open here, so the kernel tells whether anybody has the other side: if nobody has, the
/// master shows a hang-up and its reads fail with EIO. Output is then discarded (the kernel would keep some of it,
/// for whoever comes), and the pty is looked at once a second, and at every write, until somebody comes.
package final class PTYBackend: CharacterBackend {
    /// `/dev/pts/N`, the name to open.
    package let path: String
    package var description: String { "pty:\(path)" }

    private struct State {
        var isOpen = false
        var isClosed = false
        var tick: EventLoop.Watch?
    }

    private let frontEnd = FrontEndSlot()
    private let loop: EventLoop
    private let state = Mutex(State())
    /// Fires each second while nobody is there.
    private let timer: FileDescriptor
    private let output: OutputPort
    private let source: Source
    private let input: InputPort

    private final class Source: InputPort.Owner {
        private let backend = Mutex<PTYBackend?>(nil)
        func set(_ backend: PTYBackend?) { self.backend.withLock { $0 = backend } }
        private var current: PTYBackend? { backend.withLock { $0 } }

        func room(in port: InputPort) -> Int { current?.frontEnd.current?.receiveCapacity ?? 0 }
        func take(_ bytes: [UInt8], from port: InputPort) {
            current?.becameOpen()
            current?.frontEnd.current?.receive(bytes)
        }
        func ended(_ port: InputPort, rest: [UInt8]) { current?.becameClosed() }
    }

    package init(loop: EventLoop) throws(CharacterError) {
        self.loop = loop
        let frontEnd = self.frontEnd
        do throws(Errno) {
            var number: Int32 = -1
            let master = FileDescriptor(owning: try Errno.check(unsafe apus_open_pty(&number)))
            path = "/dev/pts/\(number)"
            let flags = Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK)
            timer = FileDescriptor(owning: try Errno.check(timerfd_create(CLOCK_MONOTONIC, flags)))
            output = OutputPort(
                try master.duplicate(), .plain, loop: loop, writable: { frontEnd.current?.backendIsWritable() })
            source = Source()
            input = InputPort(master, isSocket: false, loop: loop, owner: source)
        } catch {
            throw .noPseudoTerminal(errno: error)
        }
        source.set(self)
        becameClosed()
    }

    package var isOpen: Bool { state.withLock { $0.isOpen } }

    package func attach(_ frontEnd: any CharacterFrontEnd) {
        self.frontEnd.set(frontEnd)
        self.frontEnd.announce(frontEnd, on: loop) { [weak self] in self?.isOpen ?? false }
        input.resume()
    }

    package func detach() { frontEnd.set(nil) }

    package func write(_ bytes: Span<UInt8>) -> Int {
        if !isOpen {
            guard output.isHeard else { return bytes.count }
            // Somebody opened it since the last tick: their keys are read from now on.
            loop.post { [weak self] in self?.look() }
        }
        let taken = output.write(bytes)
        // Full, but nobody is there to empty it any more.
        return taken < bytes.count && !output.isHeard ? bytes.count : taken
    }

    package func resumeInput() { input.resume() }

    package func close() {
        state.withLock { state in
            state.isClosed = true
            state.tick?.cancel()
            state.tick = nil
        }
        source.set(nil)
        input.close()
        output.close()
        frontEnd.set(nil)
    }

    // MARK: On the loop

    private func becameOpen() {
        let isNews = state.withLock { state in
            defer { state.isOpen = true }
            state.tick?.cancel()
            state.tick = nil
            return !state.isOpen
        }
        if isNews { frontEnd.current?.handle(.opened) }
    }

    private func becameClosed() {
        let isNews = state.withLock { state in
            guard !state.isClosed else { return false }
            defer { state.isOpen = false }
            if state.tick == nil {
                var second = itimerspec()
                second.it_value.tv_sec = 1
                second.it_interval.tv_sec = 1
                _ = unsafe timerfd_settime(timer.rawValue, 0, &second, nil)
                state.tick = try? loop.watch(timer.rawValue, .readable) { [weak self] _ in self?.look() }
            }
            return state.isOpen
        }
        guard isNews else { return }
        frontEnd.current?.handle(.closed)
        // What waited for the terminal to take it need wait no longer: nobody is there.
        frontEnd.current?.backendIsWritable()
    }

    /// Is somebody there now?
    private func look() {
        var expirations: UInt64 = 0
        _ = unsafe Glibc.read(timer.rawValue, &expirations, 8)
        guard !isOpen, output.isHeard else { return }
        becameOpen()
        input.restart()
    }
}
