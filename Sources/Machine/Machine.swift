package import Configuration
package import Host
package import Hypervisor
package import Log
package import Memory
internal import Synchronization

/// A virtual machine: a board with its devices, the accelerator that runs its processors, and its life.
///
/// ```
///   MachineConfiguration
///          │ MachineBuilder
///          ▼
///       Machine ───────────── MachineObserver (QMP)
///       │   │  ╲
///   Board   │   Processor × n ── VirtualCPU (KVM, qtest)
///    │   Hypervisor
///   devices
/// ```
///
/// ## Threads
/// Everything here is called on the control thread, the one that runs `loop`. A vCPU that wants something (a
/// `PowerRequest`, a triple fault) leaves a note, stops itself and all others before it runs another instruction, and
/// posts to that loop (`Machine+Requests.swift`).
///
/// ## Stopping
/// `halt` is the one way to rest: vCPUs are parked, time is stopped, then every part is paused, so that afterwards
/// nothing touches guest memory. Reset happens in that state too (`Machine+Life.swift`).
package final class Machine: Sendable {
    package let configuration: MachineConfiguration
    package let loop: EventLoop
    package let clock: Clock
    package let log: Log
    package let memory: GuestMemory
    package let memoryBackends: [MemoryBackend]
    package let hypervisor: any Hypervisor
    package let buses: Buses
    package let backEnds: BackEnds
    package let board: any Board
    package let processors: [Processor]

    struct State {
        var runState = RunState.prelaunch
        /// Whether vCPUs run and time passes; what `halt` and `go` change.
        var isGoing = false
        /// Counts the stretches of running; see `DiskFailure`.
        var run: UInt64 = 0
        /// Failures of disks that observers were not told of yet.
        var waitingFailures = 0
        var observers: [any MachineObserver] = []
        /// What the guest asked for first since it last ran.
        var pending: GuestRequest?
        var ended: (@Sendable (Int32) -> Void)?
        var hasEnded = false
    }

    let state = Mutex(State())

    /// Takes over what `MachineBuilder` made, vCPUs parked and everything at power-on state.
    init(_ construction: Construction, board: any Board, processors: [Processor]) {
        configuration = construction.configuration
        loop = construction.loop
        clock = construction.clock
        log = construction.log
        memory = construction.memory
        memoryBackends = construction.memoryBackends
        hypervisor = construction.hypervisor
        buses = construction.buses
        backEnds = construction.backEnds
        self.board = board
        self.processors = processors
        construction.power.deliver { [weak self] in self?.note($0) }
    }

    /// Where the machine is in its life.
    package var runState: RunState { state.withLock { $0.runState } }

    /// Adds someone who hears of events; for the machine's whole life.
    package func observe(_ observer: any MachineObserver) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Calls `handler` with the process's exit status when the machine has ended.
    package func whenEnded(_ handler: @escaping @Sendable (Int32) -> Void) {
        state.withLock { $0.ended = handler }
    }

    func tell(_ event: MachineEvent) {
        for observer in state.withLock({ $0.observers }) { observer.machine(did: event) }
    }
}
