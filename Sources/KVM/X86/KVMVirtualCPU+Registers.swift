#if arch(x86_64)
internal import CLinux
package import Hypervisor
package import Memory

/// What a processor holds, for `info registers` and for messages.
package struct ProcessorRegisters: Sendable, Hashable, CustomStringConvertible {
    package enum Mode: String, Sendable {
        case real = "real mode"
        case protected = "32-bit protected mode"
        case long = "64-bit mode"
    }

    package let mode: Mode
    /// By name, in the order in which debuggers print them.
    package let general: [Register]
    package let instructionPointer: UInt64
    package let flags: UInt64
    package let control: [Register]
    package let codeSegmentBase: UInt64

    package struct Register: Sendable, Hashable {
        package let name: String
        package let value: UInt64
    }

    /// Four to a line, 16 digits each.
    package var description: String {
        var all = general
        all.append(Register(name: "RIP", value: instructionPointer))
        all.append(Register(name: "RFL", value: flags))
        all += control
        var text = ""
        for (number, register) in all.enumerated() {
            let digits = String(register.value, radix: 16)
            text += register.name + "=" + String(repeating: "0", count: 16 - digits.count) + digits
            text += number % 4 == 3 ? "\n" : " "
        }
        return text + "(\(mode.rawValue))\n"
    }
}

extension KVMVirtualCPU {
    /// The registers now. On the vCPU's thread, or while it does not run.
    package func registers() throws(HypervisorError) -> ProcessorRegisters {
        var general = kvm_regs()
        var special = kvm_sregs()
        try file.perform("read the registers of vCPU \(index)", APUS_KVM_GET_REGS, with: &general)
        try file.perform("read the control registers of vCPU \(index)", APUS_KVM_GET_SREGS, with: &special)
        let isLong = special.efer & ControlBit.longModeActive != 0 && special.cs.l != 0
        let mode: ProcessorRegisters.Mode =
            isLong ? .long : special.cr0 & ControlBit.protection != 0 ? .protected : .real
        let names: [(String, UInt64)] = [
            ("RAX", general.rax), ("RBX", general.rbx), ("RCX", general.rcx), ("RDX", general.rdx),
            ("RSI", general.rsi), ("RDI", general.rdi), ("RBP", general.rbp), ("RSP", general.rsp),
            ("R8 ", general.r8), ("R9 ", general.r9), ("R10", general.r10), ("R11", general.r11),
            ("R12", general.r12), ("R13", general.r13), ("R14", general.r14), ("R15", general.r15),
        ]
        let control: [(String, UInt64)] = [
            ("CR0", special.cr0), ("CR2", special.cr2), ("CR3", special.cr3), ("CR4", special.cr4),
            ("EFER", special.efer),
        ]
        return ProcessorRegisters(
            mode: mode, general: names.map { .init(name: $0.0, value: $0.1) }, instructionPointer: general.rip,
            flags: general.rflags, control: control.map { .init(name: $0.0, value: $0.1) },
            codeSegmentBase: special.cs.base)
    }

    package func registerText() throws(HypervisorError) -> String? { try registers().description }

    package func translate(_ address: UInt64) -> GuestAddress? {
        var translation = kvm_translation()
        translation.linear_address = address
        guard (try? file.perform("translate an address", APUS_KVM_TRANSLATE, with: &translation)) != nil,
            translation.valid != 0
        else { return nil }
        return GuestAddress(translation.physical_address)
    }

    /// Where the processor is, for a message: "0x1234 in 64-bit mode".
    var location: String? {
        guard let registers = try? registers() else { return nil }
        // Outside 64-bit mode the base counts, and the sum wraps as the processor's does.
        let base = registers.mode == .long ? 0 : registers.codeSegmentBase
        return "0x\(String(registers.instructionPointer &+ base, radix: 16)) in \(registers.mode.rawValue)"
    }
}
#endif
