package import Bus
package import Hypervisor
package import Log
package import Memory

/// What a PCI host needs of its machine.
package struct PCIEnvironment: Sendable {
    package let buses: Buses
    package let memory: GuestMemory
    package let interrupts: any MessageInterruptSource
    package let log: Log
    let wires: INTxWires

    /// - Parameter intx: where the four INTx wires end; all functions of the host share them.
    package init(
        buses: Buses, memory: GuestMemory, interrupts: any MessageInterruptSource, intx: any INTxSink, log: Log
    ) {
        self.buses = buses
        self.memory = memory
        self.interrupts = interrupts
        self.log = log
        wires = INTxWires(intx)
    }

    /// The address space a BAR's accesses come from.
    func space(of bar: PCIBAR) -> AddressSpace { bar.space == .io ? buses.ports : buses.memory }
}

/// A plugged slot's connection, made once.
final class PCIConnection: Sendable {
    let environment: PCIEnvironment
    let address: PCIAddress
    /// The host wire that its INTx pin ends at.
    let wire: Int?
    weak let bus: PCIBus?
    weak let function: (any PCIFunction)?

    init(
        environment: PCIEnvironment, address: PCIAddress, wire: Int?, bus: PCIBus, function: any PCIFunction
    ) {
        self.environment = environment
        self.address = address
        self.wire = wire
        self.bus = bus
        self.function = function
    }
}
