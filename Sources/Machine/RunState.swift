/// Where a machine is in its life; the raw values are QMP's.
///
/// ```
///   prelaunch ──► running ◄──► paused
///                  │   ▲
///                  ▼   │ reset, cont
///               shutdown      internal-error (only reset leads out)
/// ```
package enum RunState: String, Sendable, CaseIterable {
    /// Built with `-S`, waiting for the first `cont`.
    case prelaunch
    case running
    /// Stopped by `stop`.
    case paused
    /// The guest powered off and `-no-shutdown` keeps the machine.
    case shutdown
    /// The accelerator cannot go on with this guest.
    case internalError = "internal-error"
    /// A disk failed and `werror=stop` holds the guest.
    case ioError = "io-error"
}

/// Something that happened to a machine and that a monitor tells its clients.
package enum MachineEvent: Sendable, Equatable {
    case stop
    case resume
    case reset(byGuest: Bool, reason: String)
    case shutdown(byGuest: Bool, reason: String)
    case powerdown
    case diskFailed(DiskFailure)
}

/// Hears what happens to a machine, on the control thread, before the operation that caused it returns.
package protocol MachineObserver: AnyObject, Sendable {
    func machine(did event: MachineEvent)
}
