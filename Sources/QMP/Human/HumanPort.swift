internal import Character
internal import Configuration
internal import Machine
internal import Synchronization

/// A human monitor on a character stream: a prompt, an echo, and answers.
///
/// On a stream that it shares (`mon:stdio`) it says nothing until it has the keyboard for the first time.
///
/// Control thread only.
final class HumanPort: MonitorEnd {
    private struct State {
        var line = LineDiscipline()
        var output = OutputQueue(limit: 16 << 20)
        var isGreeted = false
    }

    private static let prompt = "(apus) "

    private let machine: Machine
    let backend: any CharacterBackend
    private let state = Mutex(State())

    init(_ machine: Machine, _ backend: any CharacterBackend) {
        self.machine = machine
        self.backend = backend
    }

    func flush() { state.withLock { _ = $0.output.flush(to: backend) } }

    // MARK: CharacterFrontEnd

    /// Answers are small and commands are few, so nobody is made to wait; what a client does not read for 16 MiB is lost.
    var receiveCapacity: Int { 4096 }

    func receive(_ bytes: [UInt8]) {
        for byte in bytes {
            switch state.withLock({ $0.line.take(byte) }) {
            case .echo(let echo): send(echo)
            case .line(let line):
                say("\n" + HumanMonitor.execute(line, HumanContext(machine: machine, processor: 0)) + HumanPort.prompt)
            }
        }
    }

    func backendIsWritable() { flush() }

    func handle(_ event: CharacterEvent) {
        switch event {
        case .opened:
            state.withLock { state in
                state.line.clear()
                state.output = OutputQueue(limit: 16 << 20)
                state.isGreeted = false
            }
            if backend.hasFocus { greet() }
        case .focused: greet()
        case .closed, .lineBreak, .unfocused: break
        }
    }

    private func greet() {
        let isFirst = state.withLock { state in
            defer { state.isGreeted = true }
            return !state.isGreeted
        }
        say((isFirst ? "Apus \(apusVersion) monitor - type 'help' for more information\n" : "\n") + HumanPort.prompt)
    }

    private func say(_ text: String) { send(Array(text.utf8).terminalLines) }

    private func send(_ bytes: [UInt8]) {
        if !bytes.isEmpty { state.withLock { $0.output.send(bytes, to: backend) } }
    }
}

extension [UInt8] {
    /// The text with line ends as terminals need them, `\r\n`; QMP's `human-monitor-command` has them too.
    var terminalLines: [UInt8] { flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] } }
}
