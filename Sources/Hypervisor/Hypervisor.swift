package import Bus
package import Memory

/// What runs a machine's processors: KVM, or nothing at all (qtest).
///
/// An accelerator is made for one guest memory, with its interrupt controllers in place, and knows its buses only when a
/// vCPU is made. Everything a board needs of it is here, so a board is the same under both:
///
/// ```
///                  Board
///        ┌───────────┼──────────────┐
///        ▼           ▼              ▼
///   createVCPU   interrupt lines   message interrupts, doorbells
///        └───────────┼──────────────┘
///              Hypervisor
///              ╱         ╲
///            KVM        QTest
/// ```
package protocol Hypervisor: InterruptController, MessageInterruptSource, DoorbellBinder {
    /// `kvm` or `qtest`: the name `-accel` takes.
    var name: String { get }

    /// The most vCPUs a machine can have here.
    var maximumVirtualCPUs: Int { get }

    /// Makes vCPU `index`, whose APIC id is `CPUTopology.apicID(of: index)`; its accesses go to `buses`. On the control
    /// thread, or on the thread that will run it; in ascending order.
    func makeVirtualCPU(_ index: Int, buses: Buses) throws(HypervisorError) -> any VirtualCPU

    /// Shows the guest host memory beside its RAM: firmware in flash, hot-plugged memory, a frame buffer. With `readOnly`
    /// guest writes reach the bus instead (flash commands). The region must not overlap RAM or another one, and should
    /// have a device on the bus too, which answers where the accelerator has no use for mapped memory (qtest).
    /// On the control thread, or inside a device access.
    func map(_ region: MemoryRegion, readOnly: Bool) throws(HypervisorError)

    /// Takes it back; nothing if it is not mapped.
    func unmap(_ region: MemoryRegion) throws(HypervisorError)

    /// Puts the interrupt controllers (and whatever else the accelerator emulates) back to power-on state, while no
    /// vCPU runs.
    func reset()

    /// Virtual time stops and goes on with the machine (kvm-clock).
    func pause()
    func resume()
}

/// Where a vCPU's accesses go that are not RAM.
package struct Buses: Sendable {
    package let ports: AddressSpace
    package let memory: AddressSpace

    package init(ports: AddressSpace, memory: AddressSpace) {
        self.ports = ports
        self.memory = memory
    }
}

/// One processor of the guest.
///
/// `run` belongs to the vCPU's own thread; everything else comes from the control thread while `run` is not inside
/// (except `kick`, from any thread).
package protocol VirtualCPU: AnyObject, Sendable {
    var index: Int { get }

    /// Back to the state after power-on: the boot processor at the reset vector, the others waiting for INIT.
    func reset() throws(HypervisorError)

    /// Makes the processor begin at a direct-booted kernel instead of the reset vector. After `reset`.
    func enter(_ state: EntryState) throws(HypervisorError)

    /// Runs guest code, serving its port and memory accesses, until there is something else to do.
    func run() -> VirtualCPUExit

    /// Makes `run` return `.interrupted` soon, or at once if it is called later. From any thread.
    func kick()

    /// Takes back a kick that no `run` has seen. On the vCPU's own thread, before `run`.
    func acknowledgeKick()

    /// The registers, for people; nil where there are none.
    func registerText() throws(HypervisorError) -> String?

    /// The guest-physical address that the processor's page tables give a linear one; nil if they give none.
    func translate(_ address: UInt64) -> GuestAddress?
}

/// A processor that runs no code is as after reset: without paging.
extension VirtualCPU {
    package func registerText() throws(HypervisorError) -> String? { nil }
    package func translate(_ address: UInt64) -> GuestAddress? { GuestAddress(address) }
}

/// Why a vCPU stopped running guest code.
package enum VirtualCPUExit: Sendable, Equatable {
    /// It was kicked.
    case interrupted
    /// A triple fault.
    case tripleFault
    /// The guest cannot go on; `reason` is a sentence for the user.
    case failed(reason: String)
}

/// The processor state a boot protocol hands a kernel: what is not listed is as after reset.
package struct EntryState: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        /// 64-bit long mode, paging on through `pageTable`.
        case long(pageTable: GuestAddress)
        /// 32-bit protected mode, paging off.
        case protected
    }

    package var mode: Mode
    package var instructionPointer: UInt64
    package var stackPointer: UInt64
    package var rsi: UInt64
    package var rbx: UInt64
    /// A GDT with null, (unused), 64-bit or 32-bit code at 0x10, data at 0x18, TSS at 0x20.
    package var descriptorTable: GuestRange

    package init(
        mode: Mode, instructionPointer: UInt64, stackPointer: UInt64 = 0, rsi: UInt64 = 0, rbx: UInt64 = 0,
        descriptorTable: GuestRange
    ) {
        self.mode = mode
        self.instructionPointer = instructionPointer
        self.stackPointer = stackPointer
        self.rsi = rsi
        self.rbx = rbx
        self.descriptorTable = descriptorTable
    }
}
