internal import Host
package import Hypervisor
internal import Log

/// One vCPU and the thread that runs it.
///
/// The control thread gives orders; the vCPU thread obeys between two stays in the guest:
///
/// ```
///   control thread            vCPU thread
///   park() ──order, kick──►   run() returns .interrupted
///   waitUntilParked() ◄────── parked, asleep
///   go() ────────order────►   run() …
///   finish(), join            returns
/// ```
///
/// A kick that arrives between the look at the orders and `run` is not lost: the vCPU acknowledges old kicks *before* it
/// looks at its orders, and whoever kicks has changed the orders before.
package final class Processor: Sendable {
    private enum Order { case park, run, finish }

    private struct State {
        var order = Order.park
        var isParked = false
        var threadIdentifier: Int32?
    }

    package let cpu: any VirtualCPU
    private let state = Guarded(State())
    private let thread: Thread

    /// Starts the thread, parked.
    ///
    /// - Parameter stopped: called on the vCPU thread when the guest cannot go on by itself; the vCPU is parked by then.
    init(
        _ cpu: any VirtualCPU, threadName: String, stopped: @escaping @Sendable (VirtualCPUExit) -> Void
    ) throws(Errno) {
        self.cpu = cpu
        let state = state
        thread = try Thread(name: threadName) { Processor.serve(cpu, state, stopped) }
    }

    /// The thread's id as the kernel counts, for `query-cpus-fast`. Waits for the thread to have begun.
    package var threadIdentifier: Int32 { state.wait { $0.threadIdentifier } }

    /// Orders the vCPU out of the guest. Returns at once; from any thread, the vCPU's own included.
    func park() {
        state.update { if $0.order == .run { $0.order = .park } }
        cpu.kick()
    }

    /// Sleeps until the vCPU has left the guest. Not on the vCPU's own thread.
    func waitUntilParked() {
        state.wait { $0.isParked ? () : nil }
    }

    /// Orders the vCPU into the guest.
    func go() {
        state.update { if $0.order == .park { $0.order = .run } }
    }

    /// Ends the thread and waits for it. Once, at the end of the machine.
    func finish() {
        state.update { $0.order = .finish }
        cpu.kick()
        thread.join()
    }

    private static func serve(
        _ cpu: any VirtualCPU, _ state: Guarded<State>, _ stopped: @Sendable (VirtualCPUExit) -> Void
    ) {
        state.update { $0.threadIdentifier = Thread.currentID }
        while true {
            cpu.acknowledgeKick()
            // One step: whoever sees `isParked` false knows that this thread will still look at `run`'s kick.
            let order = state.update { state in
                state.isParked = state.order == .park
                return state.order
            }
            switch order {
            case .finish: return
            case .park: state.wait { $0.order == .park ? nil : () }
            case .run:
                let exit = cpu.run()
                guard exit != .interrupted else { continue }
                state.update { if $0.order == .run { $0.order = .park } }
                stopped(exit)
            }
        }
    }
}
