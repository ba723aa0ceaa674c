internal import Bus
package import Configuration
package import Host
package import Hypervisor
package import Log
package import Memory

/// A machine under construction: what a board and its devices are made with.
///
/// Made once the accelerator and the memory are there. Everything in it outlives the devices. Control thread only.
package struct Construction: Sendable {
    package let configuration: MachineConfiguration
    /// The places of processors, present and possible.
    package let topology: CPUTopology
    package let loop: EventLoop
    package let clock: Clock
    package let log: Log
    package let memory: GuestMemory
    /// The blocks of host memory, RAM's and those that objects made.
    package let memoryBackends: [MemoryBackend]
    /// The guest's NUMA nodes, if it has any.
    let nodes: NUMATopology?
    package let hypervisor: any Hypervisor
    package let buses: Buses
    package let backEnds: BackEnds
    let power: PowerRequests

    /// An input of the interrupt controller, for a device that has it to itself.
    func interruptLine(_ number: UInt32) -> InterruptLine { InterruptLine(number: number, controller: hypervisor) }
}

extension Buses {
    /// Logs accesses that nothing answers, as far as the user wants to know of them.
    func report(to log: Log) {
        for (space, item, kind) in [(memory, Log.Items.guestErrors, "address"), (ports, .unimplemented, "port")]
        where log.items.contains(item) {
            space.reportUnclaimed { address, width, written in
                let place = "\(kind) 0x\(String(address.rawValue, radix: 16))"
                let access = written.map { "a write of 0x\(String($0, radix: 16))" } ?? "a read"
                log.note(item, "Nothing answers \(access) of \(width.count) bytes at \(place).")
            }
        }
    }

    /// Parts devices and buses, which know each other, so that both can go.
    func clear() {
        ports.clear()
        memory.clear()
    }
}
