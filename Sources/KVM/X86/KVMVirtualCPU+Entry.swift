#if arch(x86_64)
internal import CLinux
package import Hypervisor
internal import Memory
internal import Synchronization

extension KVMVirtualCPU {
    /// Puts the processor where a boot protocol wants it: Linux (Documentation/arch/x86/boot.rst, 64-bit boot
    /// protocol), PVH and Multiboot (32-bit protected mode without paging).
    package func enter(_ state: EntryState) throws(HypervisorError) {
        try prepare()
        isTouched.store(true, ordering: .relaxed)

        var special = kvm_sregs.powerOn(isBootProcessor: index == 0)
        special.gdt.base = state.descriptorTable.start.rawValue
        special.gdt.limit = UInt16(clamping: state.descriptorTable.count - 1)
        special.idt.limit = 0
        var is64Bit = false
        // Bit 4 (ET) is fixed to one on every processor of this century.
        special.cr0 = ControlBit.protection | ControlBit.extensionType
        if case .long(let pageTable) = state.mode {
            is64Bit = true
            special.cr0 |= ControlBit.paging
            special.cr3 = pageTable.rawValue
            special.cr4 = ControlBit.physicalAddressExtension
            special.efer = ControlBit.longModeEnable | ControlBit.longModeActive
        }
        special.cs = .flat(.code, selector: 0x10, is64Bit: is64Bit)
        special.ds = .flat(.data, selector: 0x18, is64Bit: is64Bit)
        special.es = special.ds
        special.fs = special.ds
        special.gs = special.ds
        special.ss = special.ds
        special.tr = .system(kvm_segment.Kind.busyTask, selector: 0x20, limit: 0x67)
        try file.perform("set the segments and control registers of vCPU \(index)", APUS_KVM_SET_SREGS, with: &special)

        var general = kvm_regs()
        general.rip = state.instructionPointer
        general.rsp = state.stackPointer
        general.rsi = state.rsi
        general.rbx = state.rbx
        general.rflags = 2
        try file.perform("set the registers of vCPU \(index)", APUS_KVM_SET_REGS, with: &general)

        if machine.options.isDirectBoot { try leaveLocalInterrupts() }
    }

    /// Wires the local APIC's pins as firmware does (MultiProcessor Specification 1.4 §3.6.2.2, virtual wire mode):
    /// LINT0 is the PIC, LINT1 is NMI.
    private func leaveLocalInterrupts() throws(HypervisorError) {
        var current = kvm_lapic_state()
        try file.perform("read the local APIC of vCPU \(index)", APUS_KVM_GET_LAPIC, with: &current)
        var page = LocalAPICPage(state: current)
        page[.localInterrupt0] = LocalAPICPage.externalInterrupt
        page[.localInterrupt1] = LocalAPICPage.nonMaskable
        try file.perform("set the local APIC of vCPU \(index)", APUS_KVM_SET_LAPIC, with: &page.state)
    }

    /// Bits of CR0, CR4 and EFER.
    enum ControlBit {
        static let protection: UInt64 = 1 << 0
        static let extensionType: UInt64 = 1 << 4
        static let paging: UInt64 = 1 << 31
        static let physicalAddressExtension: UInt64 = 1 << 5
        static let longModeEnable: UInt64 = 1 << 8
        static let longModeActive: UInt64 = 1 << 10
    }
}
#endif
