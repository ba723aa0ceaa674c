#if arch(x86_64)
internal import CLinux

// The processor's state after power-on: Intel SDM volume 3A table 10-1. Known by heart rather than read from each new
// vCPU, which would cost the start-up path some microseconds a call.

extension kvm_regs {
    /// - Parameter signature: the processor's, which is in RDX.
    static func powerOn(signature: UInt32) -> kvm_regs {
        var registers = kvm_regs()
        registers.rdx = UInt64(signature)
        registers.rip = 0xfff0
        registers.rflags = 2
        return registers
    }
}

extension kvm_segment {
    /// Types of descriptors (SDM volume 3A §3.4.5.1 and §3.5).
    enum Kind: UInt8 {
        case data = 3  // read, write, accessed
        case code = 11  // execute, read, accessed
        case localTable = 2

        /// A busy TSS has the number of `code`, but is a system segment.
        static let busyTask: UInt8 = 11
    }

    /// A segment of real mode: 64 KiB.
    static func real(_ kind: Kind, selector: UInt16 = 0, base: UInt64 = 0) -> kvm_segment {
        segment(kind.rawValue, selector: selector, base: base, limit: 0xffff)
    }

    /// A segment of protected or long mode that spans everything.
    static func flat(_ kind: Kind, selector: UInt16, is64Bit: Bool) -> kvm_segment {
        var segment = segment(kind.rawValue, selector: selector, limit: 0xffff_ffff)
        segment.g = 1
        segment.l = is64Bit && kind == .code ? 1 : 0
        segment.db = segment.l == 1 ? 0 : 1
        return segment
    }

    /// A local descriptor table or a task: no code or data, so `s` is clear.
    static func system(_ type: UInt8, selector: UInt16 = 0, limit: UInt32 = 0xffff) -> kvm_segment {
        var segment = segment(type, selector: selector, limit: limit)
        segment.s = 0
        return segment
    }

    private static func segment(_ type: UInt8, selector: UInt16, base: UInt64 = 0, limit: UInt32) -> kvm_segment {
        var segment = kvm_segment()
        segment.base = base
        segment.limit = limit
        segment.selector = selector
        segment.type = type
        segment.present = 1
        segment.s = 1
        return segment
    }
}

extension kvm_sregs {
    /// Real mode at the reset vector 0xFFFFFFF0, the local APIC on at 0xFEE00000.
    static func powerOn(isBootProcessor: Bool) -> kvm_sregs {
        var registers = kvm_sregs()
        registers.cs = .real(.code, selector: 0xf000, base: 0xffff_0000)
        registers.ds = .real(.data)
        registers.es = registers.ds
        registers.fs = registers.ds
        registers.gs = registers.ds
        registers.ss = registers.ds
        registers.ldt = .system(kvm_segment.Kind.localTable.rawValue)
        registers.tr = .system(kvm_segment.Kind.busyTask)
        registers.gdt.limit = 0xffff
        registers.idt.limit = 0xffff
        registers.cr0 = 0x6000_0010
        registers.apic_base = 0xfee0_0800 | (isBootProcessor ? 0x100 : 0)
        return registers
    }
}

/// The local APIC's registers as the page they are, one 32-bit value every 16 bytes (SDM volume 3A §11.4).
struct LocalAPICPage {
    var state: kvm_lapic_state

    enum Offset: Int {
        case identifier = 0x20
        case version = 0x30
        case destinationFormat = 0xe0
        case spurious = 0xf0
        case localInterrupt0 = 0x350
        case localInterrupt1 = 0x360
    }

    private static let localVectorTable = [0x2f0, 0x320, 0x330, 0x340, 0x350, 0x360, 0x370]

    static let masked: UInt32 = 1 << 16
    static let externalInterrupt: UInt32 = 7 << 8
    static let nonMaskable: UInt32 = 4 << 8

    subscript(_ offset: Offset) -> UInt32 {
        get { unsafe withUnsafeBytes(of: state) { unsafe $0.load(fromByteOffset: offset.rawValue, as: UInt32.self) } }
        set { set(offset.rawValue, newValue) }
    }

    /// The state after power-on of an APIC with this version register (§11.4.7.1).
    static func powerOn(version: UInt32, identifier: UInt32, isBootProcessor: Bool) -> LocalAPICPage {
        var page = LocalAPICPage(state: kvm_lapic_state())
        page[.version] = version
        page[.identifier] = identifier << 24
        page[.destinationFormat] = .max
        page[.spurious] = 0xff
        for entry in localVectorTable { page.set(entry, masked) }
        // KVM's boot processor begins with the PIC wired through, and so it does again.
        if isBootProcessor { page[.localInterrupt0] = externalInterrupt }
        return page
    }

    private mutating func set(_ offset: Int, _ value: UInt32) {
        unsafe withUnsafeMutableBytes(of: &state) { bytes in
            unsafe bytes.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
        }
    }
}
#endif
