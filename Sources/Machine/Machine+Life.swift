internal import Configuration
internal import Host
internal import Log
internal import Memory
internal import Bus
internal import Hypervisor
internal import Synchronization

// Start, stop, reset and end. Control thread only.
extension Machine {
    /// Begins the machine's life: at once, or waiting for `resume` if it was started with `-S`.
    package func start() throws(MachineError) {
        // Everything was just made, so it is at power-on state already.
        try board.boot(processors.first?.cpu)
        if configuration.lifecycle.startsPaused { return }
        state.withLock { $0.runState = .running }
        go()
    }

    /// QMP `stop`: rests until `resume`. Nothing happens where nothing runs.
    package func stop() {
        guard state.withLock({ $0.isGoing }) else { return }
        halt(as: .paused)
    }

    /// QMP `cont`: goes on.
    ///
    /// - Throws: `notNow` after an internal error, and when the guest powered off and was not reset.
    package func resume() throws(MachineError) {
        let (runState, isGoing) = state.withLock { ($0.runState, $0.isGoing) }
        guard !isGoing else { return }
        switch runState {
        case .internalError, .shutdown: throw .notNow("Resetting the Virtual Machine is required")
        case .prelaunch, .paused, .running, .ioError: break
        }
        state.withLock { $0.runState = .running }
        tell(.resume)
        go()
    }

    /// QMP `system_reset`, and what a guest's reset comes to: RAM and every device back to power-on state.
    ///
    /// A machine that rested keeps resting, at its first instruction.
    package func reset(byGuest: Bool = false, reason: String = "host-qmp-system-reset") {
        if configuration.lifecycle.reboot == .shutdown {
            return powerOff(byGuest: byGuest, reason: reason)
        }
        let wasGoing = state.withLock { $0.isGoing }
        if wasGoing { rest() }
        do throws(MachineError) {
            try powerOn()
        } catch {
            log.error("The machine cannot be reset. \(error)")
            state.withLock { $0.runState = .internalError }
            return tell(.stop)
        }
        tell(.reset(byGuest: byGuest, reason: reason))
        state.withLock { state in
            if state.runState == .internalError || state.runState == .shutdown { state.runState = .paused }
        }
        if wasGoing { go() }
    }

    /// Presses the power button; what follows is the guest's choice.
    package func pressPowerButton() {
        tell(.powerdown)
        board.pressPowerButton()
    }

    /// Ends the machine whatever its guest does: QMP `quit`, SIGTERM, `Ctrl-A x`; or as a device made for that is told.
    package func quit(byGuest: Bool = false, reason: String, status: Int32 = 0) {
        guard !state.withLock({ $0.hasEnded }) else { return }
        if state.withLock({ $0.isGoing }) { rest() }
        tell(.shutdown(byGuest: byGuest, reason: reason))
        end(status: status)
    }

    /// What a guest's power-off comes to.
    func powerOff(byGuest: Bool, reason: String) {
        tell(.shutdown(byGuest: byGuest, reason: reason))
        switch configuration.lifecycle.shutdown {
        case .pause: halt(as: .shutdown)
        case .poweroff:
            if state.withLock({ $0.isGoing }) { rest() }
            end(status: 0)
        }
    }

    /// Stops everything and says so.
    func halt(as runState: RunState) {
        if state.withLock({ $0.isGoing }) { rest() }
        state.withLock { $0.runState = runState }
        tell(.stop)
    }

    /// Lets everything go; the reverse of `rest`.
    private func go() {
        state.withLock { state in
            state.isGoing = true
            state.run += 1
            state.pending = nil
        }
        for part in board.parts { part.resume() }
        clock.resume()
        hypervisor.resume()
        for processor in processors { processor.go() }
    }

    /// Brings everything to rest, without a word to observers.
    func rest() {
        for processor in processors { processor.park() }
        for processor in processors { processor.waitUntilParked() }
        hypervisor.pause()
        clock.pause()
        for part in board.parts { part.pause() }
        state.withLock { $0.isGoing = false }
    }

    /// Everything back to power-on state, and the boot processor at what it boots. While resting.
    private func powerOn() throws(MachineError) {
        do throws(HypervisorError) {
            for part in board.parts { part.reset() }
            memory.discard()
            hypervisor.reset()
            for processor in processors { try processor.cpu.reset() }
        } catch {
            throw .part(option: "-accel \(hypervisor.name)", reason: error.description)
        }
        state.withLock { $0.pending = nil }
        try board.boot(processors.first?.cpu)
    }

    private func end(status: Int32) {
        let ended = state.withLock { state in
            state.hasEnded = true
            return state.ended
        }
        ended?(status)
    }

    /// Ends the threads and gives everything back. Last of all, while resting or before the start.
    package func tearDown() {
        if state.withLock({ $0.isGoing }) { rest() }
        for processor in processors { processor.finish() }
        board.tearDown()
        backEnds.finish()
        buses.clear()
    }
}
