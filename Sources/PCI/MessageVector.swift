internal import Bus
internal import Synchronization

/// One message-signalled interrupt of a function: an MSI-X vector, or one of its MSI messages.
///
/// A device keeps the vectors it uses and calls `signal` on them, from any thread. While the guest has the vector
/// enabled and unmasked that is one atomic load and the accelerator's call; masked, it becomes a pending bit that the
/// guest's unmasking delivers, once; disabled, it is dropped (the device uses INTx then).
///
/// The accelerator's interrupt is made when the vector is first opened: a machine with a thousand vectors that nobody
/// enables starts as fast as one with none.
package final class MessageVector: Sendable {
    enum Gate: UInt8 { case closed, masked, open }

    private struct State {
        var isPending = false
        var routed: InterruptMessage?
    }

    /// A class around the accelerator's object, since an atomic reference cannot hold an existential.
    private final class Source: Sendable {
        let interrupt: any MessageInterrupt
        init(_ interrupt: any MessageInterrupt) { self.interrupt = interrupt }
    }

    private let gate = Atomic(Gate.closed.rawValue)
    private let source = AtomicLazyReference<Source>()
    /// Held while a route is set, so that the last change the guest made is the last that takes effect. The accelerator
    /// never calls back from there.
    private let state = Mutex(State())

    init() {}

    /// Raises the interrupt.
    package func signal() {
        // Acquiring: who sees the gate open sees the interrupt behind it.
        if gate.load(ordering: .acquiring) == Gate.open.rawValue {
            source.load()?.interrupt.signal()
            return
        }
        let isOpen = state.withLock { state in
            // The gate only changes under this lock, so what is read here stays.
            switch Gate(rawValue: gate.load(ordering: .relaxed)) {
            case .open: return true
            case .masked: state.isPending = true
            case .closed, nil: break
            }
            return false
        }
        if isOpen { source.load()?.interrupt.signal() }
    }

    /// An eventfd that raises the interrupt, for kernel back ends; nil where the accelerator has none, and before the
    /// guest first enabled the vector. Masking does not stop it.
    package var eventDescriptor: Int32? { source.load()?.interrupt.eventDescriptor }

    /// Whether an interrupt waits for the guest to unmask the vector.
    package var isPending: Bool { state.withLock { $0.isPending } }

    // MARK: For MSI and MSI-X

    /// Brings the vector to what the guest programmed; true if a pending interrupt is now to be signalled, which the
    /// caller does when it holds no lock.
    func update(
        _ gate: Gate, _ message: InterruptMessage, from maker: any MessageInterruptSource
    ) throws(InterruptError) -> Bool {
        let result = state.withLock { state -> Result<Bool, InterruptError> in
            guard gate == .open else {
                self.gate.store(gate.rawValue, ordering: .releasing)
                // A masked vector keeps its route: guests mask and unmask often, and setting a route is expensive.
                if gate == .closed, state.routed != nil {
                    source.load()?.interrupt.route(nil)
                    state.routed = nil
                }
                return .success(false)
            }
            do throws(InterruptError) {
                let interrupt = try interrupt(from: maker)
                if state.routed != message {
                    interrupt.route(message)
                    state.routed = message
                }
            } catch {
                self.gate.store(Gate.closed.rawValue, ordering: .releasing)
                return .failure(error)
            }
            self.gate.store(gate.rawValue, ordering: .releasing)
            defer { state.isPending = false }
            return .success(state.isPending)
        }
        return try result.get()
    }

    /// Drops a pending interrupt: the function was reset, or the guest disabled message interrupts.
    func forget() { state.withLock { $0.isPending = false } }

    private func interrupt(
        from maker: any MessageInterruptSource
    ) throws(InterruptError) -> any MessageInterrupt {
        if let source = source.load() { return source.interrupt }
        return source.storeIfNil(Source(try maker.makeMessageInterrupt())).interrupt
    }
}
