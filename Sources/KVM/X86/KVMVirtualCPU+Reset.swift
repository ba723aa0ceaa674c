#if arch(x86_64)
internal import CLinux
internal import Host
package import Hypervisor
internal import Synchronization

extension KVMVirtualCPU {
    private var isBootProcessor: Bool { index == 0 }

    /// Sets what a new vCPU has not by itself: CPUID, and for a direct boot the memory types. Once; by the thread that
    /// first runs or enters it, because setting CPUID is slow under nested virtualization.
    func prepare() throws(HypervisorError) {
        guard !isPrepared.load(ordering: .acquiring) else { return }
        var entries = try machine.cpuidTable().entries(for: index)
        do throws(Errno) {
            try file.call(APUS_KVM_SET_CPUID2, entries: &entries)
        } catch {
            throw .failed(to: "set the CPUID of vCPU \(index)", errno: error)
        }
        if machine.options.isDirectBoot { try leaveMemoryTypes() }
        isPrepared.store(true, ordering: .releasing)
    }

    private func leaveMemoryTypes() throws(HypervisorError) {
        try writeRegister(ModelSpecificRegister.memoryTypeDefault, ModelSpecificRegister.firmwareMemoryType)
    }

    /// Power-on state. Nothing to do for a vCPU that never ran: KVM makes them so.
    ///
    /// The order: nested virtualization is left first, for it guards the control registers; the special registers set
    /// the APIC's mode, so its page comes after them; events and the run state come last, as every other call may
    /// touch them.
    package func reset() throws(HypervisorError) {
        guard isTouched.load(ordering: .relaxed) else { return }
        leaveNestedGuest()
        var special = kvm_sregs.powerOn(isBootProcessor: isBootProcessor)
        try perform("the segments and control registers", APUS_KVM_SET_SREGS, &special)
        try resetLocalAPIC()
        var general = try kvm_regs.powerOn(signature: machine.cpuidTable().signature)
        try perform("the registers", APUS_KVM_SET_REGS, &general)
        try resetExtendedState()
        try writeRegisters(ModelSpecificRegister.powerOn)
        if machine.options.isDirectBoot { try leaveMemoryTypes() }
        var debug = kvm_debugregs()
        debug.dr6 = 0xffff_0ff0
        debug.dr7 = 0x400
        try perform("the debug registers", APUS_KVM_SET_DEBUGREGS, &debug)
        // Zero with these flags: nothing pending, no interrupt shadow, not in SMM, no SIPI.
        var events = kvm_vcpu_events()
        events.flags = UInt32(
            KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SIPI_VECTOR | KVM_VCPUEVENT_VALID_SHADOW
                | KVM_VCPUEVENT_VALID_SMM)
        try perform("the pending events", APUS_KVM_SET_VCPU_EVENTS, &events)
        var run = kvm_mp_state(mp_state: UInt32(isBootProcessor ? KVM_MP_STATE_RUNNABLE : KVM_MP_STATE_UNINITIALIZED))
        try perform("the run state", APUS_KVM_SET_MP_STATE, &run)
        isTouched.store(false, ordering: .relaxed)
    }

    private func perform<State>(_ what: String, _ request: UInt, _ state: inout State) throws(HypervisorError) {
        try file.perform("set \(what) of vCPU \(index)", request, with: &state)
    }

    /// Ends what a guest that is itself a hypervisor was doing. Best effort: without nested virtualization there is
    /// none.
    private func leaveNestedGuest() {
        guard machine.file.capability(KVM_CAP_NESTED_STATE) > 0 else { return }
        // struct kvm_nested_state without its data, by hand, because its unions hold a flexible array.
        func leave(flags: UInt16, format: UInt16, pointers: UInt64) {
            var state = (
                UInt64(flags) | UInt64(format) << 16 | 128 << 32, pointers, pointers,
                InlineArray<13, UInt64>(repeating: 0)
            )
            _ = try? file.call(APUS_KVM_SET_NESTED_STATE, with: &state)
        }
        // One of the two fits the host. VMX: not in VMX operation is a VMXON pointer of all ones; SVM: interrupts on
        // (GIF).
        leave(flags: 0, format: UInt16(KVM_STATE_NESTED_FORMAT_VMX), pointers: .max)
        leave(flags: UInt16(KVM_STATE_NESTED_GIF_SET), format: UInt16(KVM_STATE_NESTED_FORMAT_SVM), pointers: 0)
    }

    private func resetLocalAPIC() throws(HypervisorError) {
        var current = kvm_lapic_state()
        try file.perform("read the local APIC of vCPU \(index)", APUS_KVM_GET_LAPIC, with: &current)
        var page = LocalAPICPage.powerOn(
            version: LocalAPICPage(state: current)[.version], identifier: identifier, isBootProcessor: isBootProcessor)
        try perform("the local APIC", APUS_KVM_SET_LAPIC, &page.state)
    }

    /// x87, SSE, AVX and the rest: an XSAVE area whose header says that every component is in its initial state.
    private func resetExtendedState() throws(HypervisorError) {
        if machine.system.file.capability(KVM_CAP_XSAVE) > 0 {
            // Its size grows with the features that the VM may use.
            let size = max(4096, Int(machine.file.capability(KVM_CAP_XSAVE2)))
            var area = [UInt8](repeating: 0, count: size)
            area[24] = 0x80  // MXCSR, which is taken even then: 0x1F80
            area[25] = 0x1f
            let descriptor = file.descriptor.rawValue
            do throws(Errno) {
                try Errno.retry {
                    unsafe area.withUnsafeMutableBytes { bytes in
                        unsafe apus_ioctl(descriptor, APUS_KVM_SET_XSAVE, bytes.baseAddress)
                    }
                }
            } catch {
                throw .failed(to: "set the extended state of vCPU \(index)", errno: error)
            }
        } else {
            var state = kvm_fpu()
            state.fcw = 0x37f
            state.mxcsr = 0x1f80
            try perform("the floating-point state", APUS_KVM_SET_FPU, &state)
        }
        guard machine.system.file.capability(KVM_CAP_XCRS) > 0 else { return }
        var control = kvm_xcrs()
        control.nr_xcrs = 1
        control.xcrs.0.value = 1
        try perform("the extended control register", APUS_KVM_SET_XCRS, &control)
    }
}
#endif
