internal import Bus
package import Host
package import Hypervisor
package import Memory

/// What a session drives: the parts of a machine that the protocol reaches.
package struct QTestTarget: Sendable {
    let ports: AddressSpace
    let view: GuestView
    let clock: Clock
    /// Nil where a real interrupt controller takes the lines (KVM); intercepting is refused then.
    let interrupts: InterruptRecorder?

    package init(memory: GuestMemory, buses: Buses, clock: Clock, interrupts: InterruptRecorder?) {
        ports = buses.ports
        view = GuestView(memory: memory, space: buses.memory)
        self.clock = clock
        self.interrupts = interrupts
    }
}
