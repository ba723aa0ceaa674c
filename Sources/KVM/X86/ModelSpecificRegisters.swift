#if arch(x86_64)
internal import CLinux
internal import Host
internal import Hypervisor

/// Model-specific registers by number, and what they hold after power-on (Intel SDM volume 3A table 10-1, volume 4;
/// KVM's own in Linux's Documentation/virt/kvm/x86/msr.rst).
enum ModelSpecificRegister {
    static let miscellaneousEnable: UInt32 = 0x1a0
    static let memoryTypeDefault: UInt32 = 0x2ff
    static let pageAttributes: UInt32 = 0x277

    /// MTRRs on, fixed ranges on, everything else write-back: what firmware leaves behind. Without it Linux believes
    /// that the BIOS forgot the MTRRs, and does without page attributes too.
    static let firmwareMemoryType: UInt64 = 0xc06

    /// Registers that a guest may have changed and that no other call resets, with their power-on values. A register
    /// that the host does not have is skipped when they are written.
    static let powerOn: [kvm_msr_entry] = {
        var values: [(UInt32, UInt64)] = [
            (miscellaneousEnable, 1),  // fast string operations
            (pageAttributes, 0x0007_0406_0007_0406),
            (0x4b56_4d05, 1),  // KVM: polling before a halt is allowed
        ]
        var zero: [UInt32] = [
            0x10,  // time stamp counter
            0x3b,  // its adjustment
            0x48,  // speculation control
            0x174, 0x175, 0x176,  // SYSENTER
            0x17a,  // machine check status
            0x6e0,  // TSC deadline
            0xda0,  // XSS
            0xc000_0081, 0xc000_0082, 0xc000_0083, 0xc000_0084,  // SYSCALL
            0xc000_0102, 0xc000_0103,  // kernel GS base, TSC_AUX
            // kvm-clock by its old and new numbers, asynchronous page faults, stolen time, paravirtual EOI
            0x12, 0x11, 0x4b56_4d01, 0x4b56_4d00, 0x4b56_4d02, 0x4b56_4d03, 0x4b56_4d04, 0x4b56_4d06,
            // Performance counters: global and fixed control, then the event selectors of Intel and of AMD
            0x38f, 0x38d,
        ]
        zero += 0x186...0x18d
        zero += [0xc001_0200, 0xc001_0202, 0xc001_0204, 0xc001_0206, 0xc001_0208, 0xc001_020a]
        zero += [memoryTypeDefault, 0x250, 0x258, 0x259]
        zero += 0x200...0x20f
        zero += 0x268...0x26f
        values += zero.map { ($0, 0) }
        return values.map { kvm_msr_entry(index: $0.0, reserved: 0, data: $0.1) }
    }()
}

extension KVMVirtualCPU {
    /// Writes registers, leaving out those that this host does not have.
    ///
    /// KVM stops at the first that it refuses and says how many it took, so the rest is offered again from the next on.
    func writeRegisters(_ entries: [kvm_msr_entry]) throws(HypervisorError) {
        var rest = entries[...]
        while !rest.isEmpty {
            var batch = Array(rest)
            let taken: Int32
            do throws(Errno) {
                taken = try file.call(APUS_KVM_SET_MSRS, entries: &batch)
            } catch {
                throw .failed(to: "set the model-specific registers of vCPU \(index)", errno: error)
            }
            rest = rest.dropFirst(max(0, Int(taken)) + 1)
        }
    }

    func writeRegister(_ number: UInt32, _ value: UInt64) throws(HypervisorError) {
        try writeRegisters([kvm_msr_entry(index: number, reserved: 0, data: value)])
    }

    /// One register's value, nil if the host does not have it.
    func readRegister(_ number: UInt32) -> UInt64? {
        var entries = [kvm_msr_entry(index: number, reserved: 0, data: 0)]
        guard (try? file.call(APUS_KVM_GET_MSRS, entries: &entries)) == 1 else { return nil }
        return entries.first?.data
    }
}
#endif
