internal import Bus
internal import Host
internal import Log
internal import Hypervisor
internal import Synchronization

// From a vCPU's note to what the machine does about it.
extension Machine {
    /// Takes a note on a vCPU thread, inside a device access or after an exit.
    ///
    /// The first note wins: two vCPUs that both ask for a reset get one. All vCPUs are ordered out of the guest here, so
    /// that none, the caller included, executes past the instruction that asked.
    func note(_ request: GuestRequest) {
        // Not one of those of which the first wins, and no vCPU asked for it.
        if case .diskFailed(let failure) = request { return note(failure) }
        let isFirst = state.withLock { state in
            guard state.pending == nil else { return false }
            state.pending = request
            return true
        }
        guard isFirst else { return }
        for processor in processors { processor.park() }
        loop.post { [self] in answer() }
    }

    /// Acts on the note, on the control thread.
    private func answer() {
        // A monitor's reset may have come first, and has then taken the note with it.
        let request = state.withLock { state in
            defer { state.pending = nil }
            return state.hasEnded ? nil : state.pending
        }
        switch request {
        case nil, .diskFailed: break
        case .power(.reset): reset(byGuest: true, reason: "guest-reset")
        case .power(.shutdown): powerOff(byGuest: true, reason: "guest-shutdown")
        case .power(.exit(let status)): quit(byGuest: true, reason: "guest-shutdown", status: status)
        case .quit: quit(reason: "host-ui")
        case .stopped(_, .interrupted): break
        case .stopped(let index, .tripleFault):
            log.warning("vCPU \(index) met a triple fault, which resets the machine.")
            reset(byGuest: true, reason: "guest-reset")
        case .stopped(let index, .failed(let reason)):
            log.error("vCPU \(index) stopped: \(reason)")
            halt(as: .internalError)
        }
    }
}
