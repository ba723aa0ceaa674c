#if arch(x86_64)
internal import CLinux
internal import Hypervisor

/// What the guest's CPUID instruction answers: `-cpu host`.
///
/// Everything that KVM supports on this host, with the leaves replaced that say *where* a processor is: the host's own
/// placement is in them otherwise. Sources: Intel SDM volume 2A, CPUID; AMD APM volume 3 appendix E; the KVM leaves in
/// Linux's Documentation/virt/kvm/x86/cpuid.rst.
struct CPUIDTable {
    /// Facts about the host that CPUID tells the guest.
    struct Host {
        /// The TSC's frequency, or 0 if KVM does not know it.
        var tscKHz: UInt32
        /// Whether the in-kernel local APIC has the TSC-deadline mode, which KVM does not list as supported by itself.
        var hasDeadlineTimer: Bool
    }

    private let topology: CPUTopology
    /// The answers that all processors share; what differs is filled in by `entries(for:)`.
    private let common: [kvm_cpuid_entry2]

    init(supported: [kvm_cpuid_entry2], topology: CPUTopology, host: Host) {
        self.topology = topology
        let isAMD = CPUIDTable.isAMD(supported)
        // Topology leaves are made anew below. An answer of zeros is what a missing entry gives, and KVM looks through
        // the list one by one on every CPUID exit.
        let replaced: Set<UInt32> = [0xb, 0x1f, 0x8000_001e, 0x8000_0026, 0x4000_0010]
        var entries = supported.filter {
            !replaced.contains($0.function) && ($0.eax | $0.ebx | $0.ecx | $0.edx) != 0
        }
        for index in entries.indices {
            CPUIDTable.adjust(&entries[index], topology: topology, isAMD: isAMD, host: host)
        }
        let highest = entries.first { $0.function == 0 }?.eax ?? 0
        for leaf in [0xb, 0x1f] as [UInt32] where highest >= leaf {
            entries += CPUIDTable.levels(of: topology, leaf: leaf)
        }
        if isAMD, entries.contains(where: { $0.function == 0x8000_0001 && $0.ecx & Bit.topologyExtensions != 0 }) {
            entries.append(kvm_cpuid_entry2(function: 0x8000_001e))
        }
        if host.tscKHz != 0, entries.contains(where: { $0.function == 0x4000_0000 }) {
            // The timing leaf: frequencies of the TSC and of KVM's local APIC timer (1 GHz), in kHz. Linux has them
            // from kvm-clock; other systems calibrate for 100 ms without it.
            entries.append(kvm_cpuid_entry2(function: 0x4000_0010, eax: host.tscKHz, ebx: 1_000_000))
        }
        common = entries
    }

    /// The answers of processor number `index`.
    func entries(for index: Int) -> [kvm_cpuid_entry2] {
        let place = topology.position(of: index)
        let identifier = topology.apicID(of: index)
        return common.map { entry in
            var entry = entry
            switch entry.function {
            case 1:
                entry.ebx = entry.ebx & 0x00ff_ffff | identifier << 24
            case 0xb, 0x1f:
                entry.edx = identifier
            case 0x8000_001e:
                entry.eax = identifier
                let core = UInt32(place.die * topology.cores + place.core)
                entry.ebx = core & 0xff | (UInt32(topology.threads - 1) & 0xff) << 8
                let node = UInt32(place.socket * topology.dies + place.die)
                entry.ecx = node & 0xff | (UInt32(topology.dies - 1) & 7) << 8
            default:
                break
            }
            return entry
        }
    }

    /// What `RDX` holds after a reset: the processor's signature.
    var signature: UInt32 { common.first { $0.function == 1 }?.eax ?? 0x600 }

    private enum Bit {
        static let hypervisor: UInt32 = 1 << 31  // leaf 1 ECX
        static let deadlineTimer: UInt32 = 1 << 24
        static let x2APIC: UInt32 = 1 << 21
        static let osxsave: UInt32 = 1 << 27
        static let multithreading: UInt32 = 1 << 28  // leaf 1 EDX
        static let topologyExtensions: UInt32 = 1 << 22  // leaf 0x80000001 ECX
        static let legacyMultiCore: UInt32 = 1 << 1
    }

    private static func isAMD(_ entries: [kvm_cpuid_entry2]) -> Bool {
        // "Auth(enticAMD)" or "Hygo(nGenuine)" in EBX.
        entries.contains { $0.function == 0 && ($0.ebx == 0x6874_7541 || $0.ebx == 0x6f67_7948) }
    }

    private static func adjust(_ entry: inout kvm_cpuid_entry2, topology: CPUTopology, isAMD: Bool, host: Host) {
        let perDie = topology.threads * topology.cores
        let perSocket = perDie * topology.dies
        switch entry.function {
        case 1:
            entry.ebx = entry.ebx & 0xffff | UInt32(min(perSocket, 255)) << 16
            entry.ecx |= Bit.hypervisor | Bit.x2APIC
            // KVM sets this one when the guest sets CR4.OSXSAVE.
            entry.ecx &= ~(Bit.osxsave | Bit.deadlineTimer)
            if host.hasDeadlineTimer { entry.ecx |= Bit.deadlineTimer }
            entry.edx &= ~Bit.multithreading
            if perSocket > 1 { entry.edx |= Bit.multithreading }
        case 4 where entry.eax & 0x1f != 0:
            // Both counts are of identifiers, not of processors: powers of two, minus one.
            let sharing = 1 << (entry.eax >> 5 & 7 <= 2 ? topology.coreShift : topology.dieShift)
            let cores = 1 << (topology.packageShift - topology.coreShift)
            entry.eax = entry.eax & 0x3fff | UInt32(min(sharing, 4096) - 1) << 14 | UInt32(min(cores, 64) - 1) << 26
        case 0x8000_001d where entry.eax & 0x1f != 0:
            let sharing = entry.eax >> 5 & 7 <= 2 ? topology.threads : perDie
            entry.eax = entry.eax & 0x3fff | UInt32(min(sharing, 4096) - 1) << 14
        case 0x8000_0001 where isAMD:
            entry.ecx &= ~Bit.legacyMultiCore
            if perSocket > 1 { entry.ecx |= Bit.legacyMultiCore }
        case 0x8000_0008 where isAMD:
            let identifierBits = UInt32(min(topology.packageShift, 15))
            entry.ecx = entry.ecx & ~0xf0ff | UInt32(min(perSocket, 256) - 1) | identifierBits << 12
        case 0x4000_0000 where host.tscKHz != 0:
            entry.eax = max(entry.eax, 0x4000_0010)
        default:
            break
        }
    }

    /// The sub-leaves of an extended topology leaf, ending with an empty level. EDX is the processor's own.
    private static func levels(of topology: CPUTopology, leaf: UInt32) -> [kvm_cpuid_entry2] {
        let perDie = topology.threads * topology.cores
        // Level types: 1 is a thread, 2 a core, 5 a die (which leaf 0xB does not know).
        var levels: [(shift: Int, count: Int, type: UInt32)] = [(topology.coreShift, topology.threads, 1)]
        if leaf == 0x1f, topology.dies > 1 {
            levels += [(topology.dieShift, perDie, 2), (topology.packageShift, perDie * topology.dies, 5)]
        } else {
            levels.append((topology.packageShift, perDie * topology.dies, 2))
        }
        levels.append((0, 0, 0))
        return levels.enumerated().map { number, level in
            kvm_cpuid_entry2(
                function: leaf, index: UInt32(number), eax: UInt32(level.shift), ebx: UInt32(level.count & 0xffff),
                ecx: UInt32(number) | level.type << 8)
        }
    }
}

extension kvm_cpuid_entry2 {
    /// An entry for a leaf; `index` is given where it has sub-leaves.
    fileprivate init(
        function: UInt32, index: UInt32? = nil, eax: UInt32 = 0, ebx: UInt32 = 0, ecx: UInt32 = 0
    ) {
        self.init(
            function: function, index: index ?? 0, flags: index == nil ? 0 : 1, eax: eax, ebx: ebx, ecx: ecx, edx: 0,
            padding: (0, 0, 0))
    }
}
#endif
