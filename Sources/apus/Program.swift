internal import Configuration
internal import Glibc
internal import Host
internal import Log
internal import Machine
internal import QMP
internal import Synchronization

/// One run of a machine: the control thread's loop, with the machine, its monitors and the process's signals on it.
///
/// ```
///   fork (-daemonize) ─► log, pid file ─► machine ─► monitors ─► start ─► "ready" to whoever waits ─► loop
/// ```
struct Program {
    private let configuration: MachineConfiguration

    init(_ configuration: MachineConfiguration) { self.configuration = configuration }

    /// Builds the machine, serves it to its end and answers the exit status.
    func run() throws -> Int32 {
        let process = configuration.process
        // Before anything that could start a thread.
        var daemon = process.daemonizes ? try beginDaemon() : nil
        Signal.prepareProcess()
        if let name = configuration.processName { Thread.nameCurrent(name) }
        let signals = try Signal.descriptor(for: [SIGTERM, SIGINT, SIGHUP])
        let log = Log(
            items: logItems, hasTimestamps: process.log.hasTimestamps,
            descriptor: try process.log.file.map { try openLog($0) } ?? 2)
        let pidFile = try process.pidFile.map { path throws(PIDFileError) in try PIDFile(path) }
        defer { pidFile?.remove() }

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
        if let ready = daemon.take() { try ready.becomeReady() }
        loop.run()
        return status.load(ordering: .relaxed)
    }

    private func beginDaemon() throws(MachineError) -> Daemon {
        do throws(Errno) { return try Daemon.begin() } catch {
            throw .system(action: "go into the background (-daemonize)", errno: error)
        }
    }

    /// `-D`: a descriptor that stays open to the end of the process. A `%d` in the name stands for the process's id.
    private func openLog(_ path: String) throws(MachineError) -> Int32 {
        var name = path
        if let place = path.firstIndex(of: "%"), path[place...].hasPrefix("%d") {
            name = "\(path[..<place])\(getpid())\(path[place...].dropFirst(2))"
        }
        do throws(Errno) {
            // Appending, so that a file which is cut short by a log rotation does not get a hole.
            let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOCTTY
            return try FileDescriptor.open(name, flags, mode: 0o644).release()
        } catch {
            throw .system(action: "log to '\(name)' (-D)", errno: error)
        }
    }

    private var logItems: Log.Items {
        var items: Log.Items = []
        for item in configuration.process.log.items {
            switch item {
            case .guestErrors: items.insert(.guestErrors)
            case .unimplemented: items.insert(.unimplemented)
            }
        }
        return items
    }
}
