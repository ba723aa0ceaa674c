internal import Bus
internal import Synchronization

/// INTx: level-triggered, shared. PCI 3.0 §2.2.6.
extension PCISlot {
    struct InterruptState {
        var isConnected = false
        /// What the device wants.
        var isRequested = false
        /// What the wire gets: nothing while Interrupt Disable is set, or MSI or MSI-X is on (PCI 3.0 §6.8.3.3).
        var isDriven = false
    }

    /// Raises or lowers the function's interrupt pin. Repeating a level costs nothing.
    package func setInterrupt(_ level: Bool) {
        interrupt.withLock { state in
            guard state.isRequested != level else { return }
            state.isRequested = level
            follow(&state)
        }
    }

    /// Interrupt Disable may have changed, or whether message interrupts are on.
    func followInterruptControl() { interrupt.withLock { follow(&$0) } }

    /// The slot was connected or disconnected.
    func setInterruptConnected(_ isConnected: Bool) {
        interrupt.withLock { state in
            state.isConnected = isConnected
            follow(&state)
        }
    }

    private func follow(_ state: inout InterruptState) {
        let isRequested = state.isRequested
        let isDisabled = registers.withLock { space in
            // The status bit shows the pin, whether or not the wire sees it.
            let status = space.word(ConfigurationOffset.status) & ~PCIStatus.interrupt
            space.set(UInt32(status | (isRequested ? PCIStatus.interrupt : 0)), ConfigurationOffset.status, .two)
            return PCICommand(rawValue: space.word(ConfigurationOffset.command)).contains(.interruptDisable)
        }
        let isDriven = isRequested && !isDisabled && !isMSIXEnabled && !isMSIEnabled && state.isConnected
        guard state.isDriven != isDriven, let connection = connection.load(), let wire = connection.wire else { return }
        state.isDriven = isDriven
        connection.environment.wires.drive(wire, isDriven)
    }
}
