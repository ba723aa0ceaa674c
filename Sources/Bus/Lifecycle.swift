/// What the machine asks of everything that has state: devices, buses, transports.
///
/// All three come on the control thread, while no vCPU runs. The order in a machine's life:
///
/// ```
///   made ──► running ◄──► paused ──► reset ──► running … ──► torn down
/// ```
package protocol MachinePart: AnyObject, Sendable {
    /// Back to the state after power-on. Requests in flight are completed or dropped before it returns.
    func reset()

    /// Comes to rest: when it returns, no thread of this part touches guest memory or raises interrupts.
    func pause()

    /// Goes on from where `pause` stopped.
    func resume()
}

extension MachinePart {
    package func pause() {}
    package func resume() {}
}

/// What a guest, through some device, asks of its machine.
package enum PowerRequest: Sendable, Hashable {
    /// Power off (ACPI S5, isa-debug-exit has its own).
    case shutdown
    /// Reset (0xCF9, i8042, ACPI reset register, triple fault).
    case reset
    /// End the VMM with this status at once (isa-debug-exit).
    case exit(status: Int32)
}

/// Takes power requests; implemented by the machine.
///
/// Called on a vCPU thread from inside a device access. It only notes the request and wakes the control thread; the
/// vCPU is stopped before it runs another instruction.
package protocol PowerControl: AnyObject, Sendable {
    func request(_ request: PowerRequest)
}
