internal import Glibc
package import Host
internal import Synchronization

/// One test that drives the machine over a connected socket.
///
/// Lines are carried out in order, each replied to before the next is looked at. A peer that sends without reading is
/// not read any more once a megabyte of replies waits for it; nothing is lost. Malformed input gets a `FAIL` reply and
/// changes nothing.
///
/// Lives on the control thread's loop, where the commands reach the devices; only interrupts are told from any thread.
/// The session keeps itself alive until the peer hangs up or `close` is called.
package final class QTestSession: Sendable {
    /// The longest line: a `write` of the transfer limit in hexadecimal, and its address.
    static let lineLimit = Int(CommandRunner.transferLimit) * 2 + 256
    /// So many bytes of replies may wait before commands have to.
    static let congestion = 1 << 20

    private struct State {
        var reader = LineReader(limit: QTestSession.lineLimit)
        var runner: CommandRunner?
        var watch: EventLoop.Watch?
        var hasEnded = false
        var isClosed = false
    }

    private let descriptor: FileDescriptor
    private let loop: EventLoop
    private let log: QTestLog?
    private let target: QTestTarget
    private let onClose: @Sendable () -> Void
    private let output: Outbox
    /// Touched on the loop only; the lock is for the compiler, and is never held while a command runs.
    private let state = Mutex(State())

    /// Begins to serve `descriptor`. `onClose` is called once, on the loop, when the peer has hung up.
    package init(
        _ descriptor: consuming FileDescriptor, loop: EventLoop, target: QTestTarget, log: QTestLog? = nil,
        onClose: @escaping @Sendable () -> Void = {}
    ) throws(Errno) {
        try descriptor.setNonBlocking()
        output = Outbox()
        self.descriptor = descriptor
        self.loop = loop
        self.log = log
        self.target = target
        self.onClose = onClose
        let runner = CommandRunner(target: target) { [weak self] line in self?.push(line) }
        state.withLock { $0.runner = runner }
        log?.write(.information, "OPENED".utf8)
        let watch = try loop.watch(self.descriptor.rawValue, .readable) { [self] events in serve(events) }
        state.withLock { $0.watch = watch }
    }

    /// Ends the session without calling `onClose`. On the loop's thread. Idempotent.
    package func close() {
        let watch = state.withLock { state in
            state.isClosed = true
            defer { state.watch = nil }
            return state.watch
        }
        guard let watch else { return }
        watch.cancel()
        target.interrupts?.observe(nil)
        log?.write(.information, "CLOSED".utf8)
    }

    /// Sends a line that nobody asked for. From any thread.
    private func push(_ line: String) {
        log?.write(.sent, line.utf8)
        output.append(Array(line.utf8))
        // Inside a command the replies are sent when it is done, which is sooner; otherwise this sends it.
        loop.post { [weak self] in self?.proceed() }
    }

    private func serve(_ events: EventLoop.Events) {
        if !events.isDisjoint(with: [.readable, .closed]) { receive() }
        proceed()
    }

    /// Reads what is there, unless replies are jammed: then it waits in the socket.
    private func receive() {
        guard output.count <= QTestSession.congestion || output.isBroken else { return }
        unsafe withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 1) { buffer in
            let count = unsafe Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count)
            if count > 0 {
                let bytes = unsafe Array(buffer.prefix(count))
                state.withLock { $0.reader.append(bytes) }
            } else if count == 0 || ![.interrupted, .wouldBlock].contains(Errno.current) {
                state.withLock { $0.hasEnded = true }
            }
        }
    }

    /// Carries out complete lines and sends replies, as long as the peer takes them.
    private func proceed() {
        while true {
            output.send(to: descriptor)
            guard output.count <= QTestSession.congestion else { break }
            guard let line = state.withLock({ $0.isClosed ? nil : $0.reader.next() }) else { break }
            answer(line)
        }
        let (watch, hasEnded) = state.withLock { ($0.watch, $0.hasEnded) }
        guard let watch else { return }
        if output.isBroken || (hasEnded && output.count == 0) {
            close()
            onClose()
            return
        }
        var events: EventLoop.Events = []
        if output.count > 0 { events.insert(.writable) }
        if !hasEnded, output.count <= QTestSession.congestion { events.insert(.readable) }
        watch.change(to: events)
    }

    private func answer(_ line: LineReader.Line) {
        let reply: [UInt8]
        switch line {
        case .tooLong:
            reply = Array("FAIL a line must not be longer than \(QTestSession.lineLimit) bytes".utf8)
        case .text(let text):
            log?.write(.received, text)
            // Taken out while it works: a command may raise interrupts and so come back here.
            guard var runner = state.withLock({ $0.runner }) else { return }
            reply = runner.reply(to: text)
            state.withLock { $0.runner = runner }
        }
        log?.write(.sent, reply)
        output.append(reply)
    }
}
