internal import CLinux
internal import Bus
internal import Glibc
internal import Host
package import Hypervisor
internal import Synchronization

/// One vCPU of KVM.
///
/// ## Kicking
/// `kick` must reach a vCPU wherever it is. It sets `immediate_exit` in the shared area, which the kernel looks at on
/// the way into the guest, and then signals the thread, which gets it out of the guest or out of a halt:
///
/// ```
///   kick before KVM_RUN looks at immediate_exit   → KVM_RUN returns EINTR at once
///   kick after that                               → the signal is pending, and KVM_RUN returns EINTR for it
/// ```
///
/// `run` takes the request back before it returns, so a kick is seen exactly once, however many came together: a kicker
/// leaves its message first and kicks after.
///
/// ## Leaving
/// `run` returns only from a KVM_RUN that was interrupted. So an access whose answer KVM has not taken in yet is always
/// completed first, and the registers are right when `run` is over.
@safe package final class KVMVirtualCPU: VirtualCPU {
    package let index: Int
    /// The APIC identifier, which is also KVM's number for it.
    package let identifier: UInt32

    let machine: KVMMachine
    let file: KVMFile
    let buses: Buses
    /// The area shared with the kernel. Its owner is the thread inside `run`, but for `immediate_exit`, which is
    /// atomic.
    nonisolated(unsafe) let area: UnsafeMutablePointer<kvm_run>
    /// The thread that is inside `run`. Held during pthread_kill, so that the thread cannot end meanwhile.
    private let runner = Mutex<pthread_t?>(nil)
    /// Whether CPUID and the registers that are not KVM's defaults are set.
    let isPrepared = Atomic(false)
    /// Whether the guest may have changed anything since power-on.
    let isTouched = Atomic(false)

    init(index: Int, identifier: UInt32, machine: KVMMachine, buses: Buses) throws(HypervisorError) {
        let descriptor = try machine.file.perform("create vCPU \(index)", APUS_KVM_CREATE_VCPU, value: UInt(identifier))
        file = KVMFile(FileDescriptor(owning: descriptor))
        let size = machine.system.runAreaSize
        let mapped = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != apus_map_failed() else {
            throw .failed(to: "map the shared area of vCPU \(index)", errno: .current)
        }
        unsafe area = mapped.assumingMemoryBound(to: kvm_run.self)
        self.index = index
        self.identifier = identifier
        self.machine = machine
        self.buses = buses
    }

    deinit { _ = unsafe munmap(area, machine.system.runAreaSize) }

    package func kick() {
        unsafe apus_kvm_request_exit(area)
        runner.withLock { thread in
            // A device that kicks its own vCPU is about to go back into KVM_RUN, which will look.
            guard let thread, thread != pthread_self() else { return }
            _ = pthread_kill(thread, Signal.kick)
        }
    }

    package func acknowledgeKick() { _ = unsafe apus_kvm_take_exit_request(area) }

    package func run() -> VirtualCPUExit {
        do throws(HypervisorError) {
            try prepare()
        } catch {
            return .failed(reason: error.description)
        }
        isTouched.store(true, ordering: .relaxed)
        runner.withLock { $0 = pthread_self() }
        defer { runner.withLock { $0 = nil } }

        let descriptor = file.descriptor.rawValue
        while true {
            guard apus_ioctl_value(descriptor, APUS_KVM_RUN, 0) < 0 else {
                if let exit = serve() { return exit }
                continue
            }
            switch Errno.current {
            case .interrupted, .wouldBlock:
                // EAGAIN is a processor that was waiting and has been woken, by INIT or by a signal.
                if unsafe apus_kvm_take_exit_request(area) != 0 { return .interrupted }
            case let errno:
                let reason = unsafe area.pointee.exit_reason
                return .failed(reason: "KVM cannot run vCPU \(index): \(errno) (exit \(reason)).")
            }
        }
    }

    /// Serves one exit; nil when the guest can go on.
    private func serve() -> VirtualCPUExit? {
        switch Int32(bitPattern: unsafe area.pointee.exit_reason) {
        case KVM_EXIT_IO:
            servePorts(unsafe apus_kvm_port_exit(area))
        case KVM_EXIT_MMIO:
            serveMemory(unsafe apus_kvm_memory_exit(area))
        case KVM_EXIT_INTR, KVM_EXIT_IRQ_WINDOW_OPEN:
            break
        case KVM_EXIT_SHUTDOWN:
            return .tripleFault
        case KVM_EXIT_SYSTEM_EVENT where unsafe apus_kvm_system_event(area) == UInt32(KVM_SYSTEM_EVENT_RESET):
            // The guest asked KVM for a reset; a triple fault is the same wish by other means.
            return .tripleFault
        case let reason:
            return .failed(reason: failure(reason))
        }
        return nil
    }
}
