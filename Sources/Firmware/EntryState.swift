package import Memory

/// What vCPU 0's registers hold at the kernel's first instruction.
///
/// A plain value: the accelerator copies it into its own register structures. Registers that are not named here are
/// zero, interrupts are off (`rflags` has only its always-one bit), the IDT is empty: a fault before the kernel has its
/// own handlers is a triple fault, which is a reset.
package struct EntryState: Hashable, Sendable {
    package enum Mode: Sendable {
        /// 64-bit long mode with paging; `rsi` points to the boot parameters (Linux x86 boot protocol, 64-bit).
        case long64
        /// 32-bit protected mode without paging: Linux' 32-bit boot protocol (`rsi`) and PVH (`rbx`).
        case protected32
    }

    package let mode: Mode
    package let rip: UInt64
    package let rsp: UInt64
    /// The PVH start information, or 0.
    package let rbx: UInt64
    /// The boot parameters, or 0.
    package let rsi: UInt64
    package let rflags: UInt64 = 0x2
    package let cr0: UInt64
    package let cr3: UInt64
    package let cr4: UInt64
    package let efer: UInt64
    package let code: Segment
    /// For DS, ES, FS, GS and SS.
    package let data: Segment
    /// The task register. Hardware virtualization wants a busy TSS there although nothing switches tasks.
    package let task: Segment
    package let gdt: DescriptorTable
    /// Empty.
    package let idt = DescriptorTable(base: 0, limit: 0)

    /// A segment register with its hidden part, field by field as in a descriptor (Intel SDM vol. 3, §3.4.5).
    package struct Segment: Hashable, Sendable {
        package let selector: UInt16
        package let base: UInt64 = 0
        /// In bytes, whatever `granularity` says.
        package let limit: UInt32
        package let type: UInt8
        /// The S bit: code or data rather than a system segment.
        package let isCodeOrData: Bool
        package let privilege: UInt8 = 0
        package let isPresent: Bool = true
        /// The L bit: 64-bit code.
        package let isLong: Bool
        /// The D/B bit: 32-bit operands.
        package let isDefault32: Bool
        /// The G bit: the descriptor counts the limit in pages.
        package let granularity: Bool
    }

    package struct DescriptorTable: Hashable, Sendable {
        package let base: UInt64
        package let limit: UInt16
    }
}

extension EntryState {
    /// CR0.PE, and CR0.ET, which reads as one on every processor that can run this.
    private static let protectedMode: UInt64 = 0x11
    private static let paging: UInt64 = 1 << 31
    private static let physicalAddressExtension: UInt64 = 1 << 5
    private static let longModeEnabledAndActive: UInt64 = 1 << 8 | 1 << 10

    /// Entry by the 64-bit boot protocol: identity-mapped paging, `rsi` at the boot parameters.
    static func long64(at entry: UInt64) -> EntryState {
        EntryState(
            mode: .long64, rip: entry, rsp: LowMemory.stack.upperBound, rbx: 0,
            rsi: LowMemory.bootParameters.lowerBound, cr0: paging | protectedMode,
            cr3: LowMemory.pageTables.lowerBound, cr4: physicalAddressExtension, efer: longModeEnabledAndActive,
            code: FlatDescriptorTable.code64, data: FlatDescriptorTable.data, task: FlatDescriptorTable.task,
            gdt: FlatDescriptorTable.register)
    }

    /// Entry by Linux' 32-bit boot protocol: no paging, `rsi` at the boot parameters.
    static func protected32(at entry: UInt64) -> EntryState {
        protected32(at: entry, startInfo: 0, bootParameters: LowMemory.bootParameters.lowerBound)
    }

    /// Entry by PVH: no paging, `rbx` at the start information.
    static func pvh(at entry: UInt64) -> EntryState {
        protected32(at: entry, startInfo: LowMemory.startInfo.lowerBound, bootParameters: 0)
    }

    private static func protected32(at entry: UInt64, startInfo: UInt64, bootParameters: UInt64) -> EntryState {
        EntryState(
            mode: .protected32, rip: entry, rsp: LowMemory.stack.upperBound, rbx: startInfo, rsi: bootParameters,
            cr0: protectedMode, cr3: 0, cr4: 0, efer: 0,
            code: FlatDescriptorTable.code32, data: FlatDescriptorTable.data, task: FlatDescriptorTable.task,
            gdt: FlatDescriptorTable.register)
    }
}
