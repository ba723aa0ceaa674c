internal import Bus
internal import Synchronization

extension PCISlot {
    /// Joins the slot to its bus. Once in a slot's life.
    func connect(_ connection: PCIConnection, isOnRootBus: Bool) throws(PCIError) {
        guard self.connection.storeIfNil(connection) === connection else { throw .alreadyPlugged(name) }
        if let express = layout.express, let offset = offsets.express {
            let capability = express.capability(onRootBus: isOnRootBus)
            registers.withLock { space in
                space.define(
                    offset + 2, capability.body, writable: capability.writable, clearable: capability.clearable)
            }
        }
        let environment = connection.environment
        let delivery = MessageDelivery(source: environment.interrupts, log: environment.log)
        msix?.connect(delivery)
        msi?.connect(delivery)
        wiring.withLock { $0.isPlugged = true }
        setInterruptConnected(true)
        settle()
    }

    /// Takes the slot off its bus: nothing reaches it, and it reaches nothing.
    func disconnect() {
        wiring.withLock { $0.isPlugged = false }
        settle(isReset: true)
        setInterruptConnected(false)
    }

    /// Power-on state.
    func reset() {
        registers.withLock { $0.reset() }
        msix?.reset()
        settle(isReset: true)
        for vector in messages { vector.forget() }
        setInterrupt(false)
    }
}
