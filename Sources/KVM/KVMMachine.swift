internal import CLinux
internal import Bus
internal import Host
package import Hypervisor
package import Log
package import Memory
internal import Synchronization

/// One virtual machine of KVM.
///
/// Made whole: when `init` returns, RAM is in place and the interrupt controllers exist. vCPUs come later, one by one.
/// The order inside is measured: memory slots *before* the interrupt chips cost 0.7 ms, after them 4.6 ms, because the
/// chips register on KVM's I/O bus and every change of slots then waits for readers of it.
///
/// Interrupts, doorbells and message interrupts may be used from any thread; the rest belongs to the control thread.
package final class KVMMachine: Hypervisor {
    package let name = "kvm"
    package let options: KVMOptions
    package let memory: GuestMemory

    let system: KVMSystem
    let file: KVMFile
    let log: Log
    let routes: InterruptRoutes
    /// Whether an ioeventfd without a length works, which is also KVM's fastest.
    let hasAnyWidthDoorbells: Bool
    let slots: Mutex<MemorySlots>
    /// For `KVM_KVMCLOCK_CTRL` at resume. Weak: the board owns its processors, and they their machine.
    let virtualCPUs = Mutex<[WeakVirtualCPU]>([])
    let clock = Mutex(ClockState())

    #if arch(x86_64)
    /// The interrupt chips' power-on state, read right after their birth, for `reset`.
    let chips: InterruptChips
    private let cpuid = Mutex<CPUIDTable?>(nil)
    #endif

    struct WeakVirtualCPU: Sendable {
        weak let value: KVMVirtualCPU?
    }

    package init(
        system: KVMSystem, memory: GuestMemory, options: KVMOptions, log: Log = Log()
    ) throws(HypervisorError) {
        let descriptor = try system.file.perform("create a virtual machine", APUS_KVM_CREATE_VM)
        let file = KVMFile(FileDescriptor(owning: descriptor))
        self.file = file
        self.system = system
        self.memory = memory
        self.options = options
        self.log = log
        hasAnyWidthDoorbells = system.file.capability(KVM_CAP_IOEVENTFD_ANY_LENGTH) > 0
        routes = InterruptRoutes(file, capacity: Int(system.file.capability(KVM_CAP_IRQ_ROUTING)))

        #if arch(x86_64)
        try KVMMachine.reserveArea(file)
        var slots = MemorySlots()
        for region in memory.regions { try slots.add(region, readOnly: false, to: file) }
        self.slots = Mutex(slots)
        chips = try InterruptChips(file, hasPIT: options.hasPIT)
        if options.hasPIT { try routes.wireTimer() }
        #else
        #error("KVM: an architecture needs its interrupt controller and processor state here.")
        #endif
    }

    package var maximumVirtualCPUs: Int { system.maximumVirtualCPUs }

    /// Makes a vCPU (60 µs; 1.5 ms for a host's very first). What CPUID answers is set by the thread that runs or
    /// enters it first: it costs up to 0.2 ms per vCPU under nested virtualization, which so happens in parallel.
    package func makeVirtualCPU(_ index: Int, buses: Buses) throws(HypervisorError) -> any VirtualCPU {
        let identifier = options.topology.apicID(of: index)
        let maximum = maximumVirtualCPUs
        // APIC identifier 255 is the broadcast address.
        guard index >= 0, index < maximum, identifier < 255 else {
            throw .limit(
                what: "vCPUs (counting the holes in APIC identifiers)", asked: max(index, Int(identifier)) + 1,
                maximum: maximum)
        }
        // Said here, not earlier: a user whose command line is wrong needs to hear of that alone.
        if index == 0, !KVMProbe.hasHardwareVirtualization { log.warning(KVMProbe.softwareWarning) }
        let cpu = try KVMVirtualCPU(index: index, identifier: identifier, machine: self, buses: buses)
        virtualCPUs.withLock { list in
            list.removeAll { $0.value == nil }
            list.append(WeakVirtualCPU(value: cpu))
        }
        return cpu
    }

    #if arch(x86_64)
    /// What CPUID answers, made once for all vCPUs.
    func cpuidTable() throws(HypervisorError) -> CPUIDTable {
        try cpuid.withLock { table throws(HypervisorError) in
            if let table { return table }
            let host = CPUIDTable.Host(
                tscKHz: tscKHz, hasDeadlineTimer: system.file.capability(KVM_CAP_TSC_DEADLINE_TIMER) > 0)
            let made = CPUIDTable(supported: try system.processor.entries(), topology: options.topology, host: host)
            table = made
            return made
        }
    }
    #endif
}
