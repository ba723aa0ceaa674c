package import Hypervisor

/// What a machine asks of KVM.
package struct KVMOptions: Sendable, Hashable {
    /// How the processors are grouped; tells the guest through CPUID.
    package var topology: CPUTopology
    /// A PIT in the kernel. A microVM does without: its guests keep time by the local APIC.
    package var hasPIT: Bool
    /// The machine starts a kernel without firmware, so the processors begin as firmware would leave them: memory types
    /// on (MTRRs write-back by default), the boot processor's LINT0 and LINT1 wired to the PIC and to NMI.
    package var isDirectBoot: Bool

    package init(topology: CPUTopology, hasPIT: Bool = true, isDirectBoot: Bool = false) {
        self.topology = topology
        self.hasPIT = hasPIT
        self.isDirectBoot = isDirectBoot
    }
}
