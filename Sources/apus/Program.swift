internal import Configuration
internal import Glibc
internal import Host
internal import Log
internal import Machine
internal import QMP
internal import Synchronization

/// One run of a machine: the control thread's loop, with the machine, its monitors and the process's signals on it.
struct Program {
    private let configuration: MachineConfiguration
    private let log: Log

    init(_ configuration: MachineConfiguration) throws {
        self.configuration = configuration
        log = Log(level: .warning)
    }

    /// Builds the machine, serves it to its end and answers the exit status.
    func run() throws -> Int32 {
        Signal.prepareProcess()
        let signals = try Signal.descriptor(for: [SIGTERM, SIGINT, SIGHUP])
        let loop = try EventLoop()
        // First of all: a test waits for this connection before it looks at anything else.
        let channel = try TestChannel(configuration.test, interruption: signals.rawValue)
        defer { channel?.close() }
        let machine = try MachineBuilder.build(configuration, loop: loop, log: log, interruption: signals.rawValue)
        defer { machine.tearDown() }

        let status = Atomic<Int32>(0)
        machine.whenEnded { value in
            status.store(value, ordering: .relaxed)
            loop.stop()
        }
        let watch = try loop.watch(signals.rawValue, .readable) { _ in
            while Signal.next(in: signals) != nil { machine.quit(reason: "host-signal") }
        }
        defer { watch.cancel() }
        let monitors = try MonitorServer(machine)
        defer { monitors.close() }
        try machine.start()
        try channel?.serve(machine)
        loop.run()
        return status.load(ordering: .relaxed)
    }
}
