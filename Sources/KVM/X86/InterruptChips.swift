#if arch(x86_64)
internal import CLinux
internal import Host
internal import Hypervisor

/// The interrupt chips in the kernel: two PICs and an I/O APIC with 24 pins at 0xFEC00000, and perhaps a PIT.
///
/// Their power-on state is read right after their birth (four calls, 5 µs together), because KVM has no call that
/// resets them: restoring it is the reset.
final class InterruptChips: Sendable {
    private let file: KVMFile
    private let chips: [kvm_irqchip]
    private let timer: kvm_pit_state2?

    init(_ file: KVMFile, hasPIT: Bool) throws(HypervisorError) {
        self.file = file
        try file.perform("create the interrupt controllers", APUS_KVM_CREATE_IRQCHIP)
        if hasPIT {
            // With the flag KVM answers port 0x61 too, whose bits belong to the PIT's third counter.
            var configuration = kvm_pit_config()
            configuration.flags = UInt32(KVM_PIT_SPEAKER_DUMMY)
            try file.perform("create the interval timer", APUS_KVM_CREATE_PIT2, with: &configuration)
            var state = kvm_pit_state2()
            try file.perform("read the interval timer", APUS_KVM_GET_PIT2, with: &state)
            timer = state
        } else {
            timer = nil
        }
        var chips: [kvm_irqchip] = []
        for number in [KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE, KVM_IRQCHIP_IOAPIC] {
            var chip = kvm_irqchip()
            chip.chip_id = UInt32(number)
            try file.perform("read the interrupt controllers", APUS_KVM_GET_IRQCHIP, with: &chip)
            chips.append(chip)
        }
        self.chips = chips
    }

    /// Back to power-on state. Writing to chips that exist does not fail.
    func reset() {
        for var chip in chips { _ = try? file.call(APUS_KVM_SET_IRQCHIP, with: &chip) }
        if var timer { _ = try? file.call(APUS_KVM_SET_PIT2, with: &timer) }
    }
}

extension KVMMachine {
    package func reset() { chips.reset() }

    /// Sets aside the four pages below 0xFF000000 that Intel processors without unrestricted guest mode need for
    /// running real mode: an identity-mapped page table and a TSS. They are in nobody's way there: firmware has the
    /// 16 MiB above, the APICs are below. Must come before the first vCPU.
    static func reserveArea(_ file: KVMFile) throws(HypervisorError) {
        var identityMap: UInt64 = 0xfeff_c000
        try file.perform("place the identity map", APUS_KVM_SET_IDENTITY_MAP_ADDR, with: &identityMap)
        try file.perform("place the task state segment", APUS_KVM_SET_TSS_ADDR, value: 0xfeff_d000)
    }
}
#endif
