internal import CLinux
internal import Bus
internal import Host
internal import Hypervisor
internal import Log
internal import Memory
internal import Synchronization

/// Finds out whether the host's KVM can run *ordinary* guests.
///
/// There are KVMs that a host without `svm` or `vmx` offers: they interpret the guest's kernel mode in software, slowly
/// and with holes in the instruction set. The whole interface works, small guests run, and a stock kernel or firmware
/// dies at its first FWAIT. So:
///
/// - At every start only the processor's flags are looked at, which costs nothing. Without them the machine starts all
///   the same, with a warning: tiny guests have their uses.
/// - If such a machine then fails at an instruction that KVM cannot emulate, the message carries `advice`.
/// - `verdict`, for `-accel help`, runs a real guest of a dozen instructions that every kernel uses (milliseconds).
package enum KVMProbe {
    package enum Verdict: Sendable, Equatable, CustomStringConvertible {
        /// Anything runs.
        case ordinaryGuests
        /// KVM works, but not for ordinary kernels and firmware.
        case tinyGuestsOnly
        /// KVM does not work; `reason` is a sentence.
        case unavailable(reason: String)

        package var description: String {
            switch self {
            case .ordinaryGuests: "KVM runs any guest on this host."
            case .tinyGuestsOnly: softwareWarning
            case .unavailable(let reason): reason
            }
        }
    }

    /// What to do about a KVM in software; continues a sentence.
    package static let advice = """
        this host's KVM works without hardware virtualization (its processor has neither vmx nor svm) and cannot run \
        ordinary kernels and firmware; use a host with hardware virtualization, or enable nested virtualization below \
        it.
        """

    package static let softwareWarning = "A guest may fail to start: \(advice)"

    /// What this host's KVM is good for, found out by trying.
    package static func verdict(_ path: String = "/dev/kvm") -> Verdict {
        do throws(HypervisorError) {
            let system = try KVMSystem.open(path)
            if hasHardwareVirtualization { return .ordinaryGuests }
            #if arch(x86_64)
            return try runsOrdinaryInstructions(system) ? .ordinaryGuests : .tinyGuestsOnly
            #else
            return .ordinaryGuests
            #endif
        } catch {
            return .unavailable(reason: error.description)
        }
    }

    #if arch(x86_64)
    /// VMX (leaf 1, ECX bit 5) or SVM (leaf 0x80000001, ECX bit 2).
    package static var hasHardwareVirtualization: Bool {
        if apus_cpuid(1, 0).ecx & 1 << 5 != 0 { return true }
        return apus_cpuid(0x8000_0000, 0).eax >= 0x8000_0001 && apus_cpuid(0x8000_0001, 0).ecx & 1 << 2 != 0
    }
    #else
    /// On arm64 there is no /dev/kvm without it.
    package static var hasHardwareVirtualization: Bool { true }
    #endif
}

#if arch(x86_64)
extension KVMProbe {
    /// Runs a guest in ring 0 of 64-bit mode that calculates 3 + 3 in floating point and says the sum.
    private static func runsOrdinaryInstructions(_ system: KVMSystem) throws(HypervisorError) -> Bool {
        let log = Log { _, _ in }
        guard let range = GuestRange(start: GuestAddress(0), count: 0x10000) else { return false }
        let memory: GuestMemory
        do throws(MemoryError) {
            memory = try GuestMemory([MemoryRegion(range, backing: .anonymous)])
            try memory.write(instructions, at: GuestAddress(0x8000))
        } catch {
            throw .failed(to: "make memory for a test of KVM", errno: .noMemory)
        }
        // One page-table entry per level: the first 2 MiB, at their own addresses.
        memory.store(UInt64(0x2003), at: GuestAddress(0x1000))
        memory.store(UInt64(0x3003), at: GuestAddress(0x2000))
        memory.store(UInt64(0x83), at: GuestAddress(0x3000))

        let machine = try KVMMachine(
            system: system, memory: memory, options: KVMOptions(topology: CPUTopology(cores: 1), hasPIT: false),
            log: log)
        let buses = Buses(ports: AddressSpace(.port), memory: AddressSpace(.memory))
        let cpu = try machine.makeVirtualCPU(0, buses: buses)
        let listener = Listener(cpu)
        guard let port = GuestRange(start: GuestAddress(0xf4), count: 1),
            let table = GuestRange(start: GuestAddress(0x4000), count: 0x30)
        else { return false }
        buses.ports.map(port, name: "probe", to: listener)
        try cpu.enter(
            EntryState(
                mode: .long(pageTable: GuestAddress(0x1000)), instructionPointer: 0x8000, stackPointer: 0x8000,
                descriptorTable: table))
        return cpu.run() == .interrupted && listener.heard == 6
    }

    /// Hears the result, and ends the guest.
    private final class Listener: BusDevice {
        private weak let cpu: (any VirtualCPU)?
        private let value = Mutex<UInt64?>(nil)

        init(_ cpu: any VirtualCPU) { self.cpu = cpu }

        var heard: UInt64? { value.withLock { $0 } }

        func read(_ access: Access) -> UInt64 { access.width.mask }

        func write(_ value: UInt64, _ access: Access) {
            self.value.withLock { $0 = value }
            cpu?.kick()
        }
    }

    private static let instructions: [UInt8] = [
        0xb8, 0x20, 0x06, 0x00, 0x00,  // mov eax, CR4.PAE | OSFXSR | OSXMMEXCPT
        0x0f, 0x22, 0xe0,  // mov cr4, rax
        0xdb, 0xe3,  // fninit
        0x9b,  // fwait
        0x0f, 0x01, 0xf8, 0x0f, 0x01, 0xf8,  // swapgs, twice
        0xb8, 0x03, 0x00, 0x00, 0x00,  // mov eax, 3
        0xf2, 0x0f, 0x2a, 0xc0,  // cvtsi2sd xmm0, eax
        0xf2, 0x0f, 0x58, 0xc0,  // addsd xmm0, xmm0
        0xf2, 0x0f, 0x2c, 0xc0,  // cvttsd2si eax, xmm0
        0xe6, 0xf4,  // out 0xf4, al
        0xf4,  // hlt
    ]
}
#endif
