internal import CLinux
internal import Glibc
internal import Host
package import Hypervisor

/// The host's KVM: `/dev/kvm`, opened and found good enough.
///
/// ## What this module is
/// KVM runs the guest's instructions; this module makes the virtual machine, hands it memory, interrupts and processor
/// state, and carries to the buses the accesses that KVM does not serve itself.
///
/// ```
///   KVMSystem        /dev/kvm: version, capabilities, what CPUID may say
///       │
///   KVMMachine       one VM: memory slots, interrupt chips, PIT, doorbells, kvm-clock      ── InterruptRoutes
///       │                                                                                     │
///   KVMVirtualCPU    one vCPU: reset, entry, the run loop ──► Buses ──► devices      KVMMessageInterrupt
/// ```
///
/// What knows the processor's architecture stands in `X86/`; the rest is common.
///
/// Start-up time is a feature, so each file says what its calls cost and why they come in their order.
package final class KVMSystem: Sendable {
    let file: KVMFile
    /// The size of the area that each vCPU shares with its thread.
    let runAreaSize: Int

    #if arch(x86_64)
    let processor: SupportedCPUID
    #endif

    private init(_ file: KVMFile, runAreaSize: Int) {
        self.file = file
        self.runAreaSize = runAreaSize
        #if arch(x86_64)
        processor = SupportedCPUID(file)
        #endif
    }

    /// Opens the device and checks what Apus needs of it.
    ///
    /// Throws `.unavailable` with a sentence that says what to do. Whether this KVM can run *ordinary* guests is
    /// another question, which `KVMProbe` answers.
    package static func open(_ path: String = "/dev/kvm") throws(HypervisorError) -> KVMSystem {
        let descriptor: FileDescriptor
        do throws(Errno) {
            descriptor = try FileDescriptor.open(path, O_RDWR)
        } catch {
            throw refusal(path, error)
        }
        let file = KVMFile(descriptor)
        let version: Int32
        do throws(Errno) {
            version = try file.call(APUS_KVM_GET_API_VERSION)
        } catch {
            throw .unavailable(reason: "\(path) is not a KVM device; name the host's /dev/kvm.")
        }
        guard version == KVM_API_VERSION else {
            throw .unavailable(reason: "\(path) speaks version \(version) of the KVM interface; Apus speaks 12.")
        }
        for (number, name) in needed where file.capability(number) <= 0 {
            throw .unavailable(reason: "\(path) lacks the capability \(name); Apus needs KVM of Linux 4.14 or later.")
        }
        let size = try file.perform("read the size of a vCPU's shared area", APUS_KVM_GET_VCPU_MMAP_SIZE)
        guard Int(size) >= MemoryLayout<kvm_run>.size else {
            throw .unavailable(reason: "\(path) offers a vCPU area of \(size) bytes, which is too small to be right.")
        }
        return KVMSystem(file, runAreaSize: Int(size))
    }

    /// The most vCPUs a machine can have. Beyond 255, an interrupt would need a destination wider than the 8 bits that
    /// I/O APIC entries and messages have for it.
    package var maximumVirtualCPUs: Int { min(255, max(1, Int(file.capability(KVM_CAP_MAX_VCPUS)))) }

    /// Why the device did not open.
    private static func refusal(_ path: String, _ errno: Errno) -> HypervisorError {
        switch errno {
        case .notFound, Errno(rawValue: ENODEV), Errno(rawValue: ENXIO):
            .unavailable(
                reason: """
                    There is no KVM at \(path): load kvm_intel or kvm_amd, enable virtualization in the host's \
                    firmware (or nested virtualization, if the host is a virtual machine), or use -accel qtest.
                    """)
        case .accessDenied, .notPermitted:
            .unavailable(
                reason: """
                    You may not open \(path): add yourself to its group (as root: usermod -aG kvm NAME), \
                    and log in again.
                    """)
        default:
            .failed(to: "open \(path)", errno: errno)
        }
    }

    /// What every supported kernel has; a missing one means a stripped-down or foreign KVM.
    private static let needed: [(number: Int32, name: String)] = {
        var list: [(number: Int32, name: String)] = [
            (KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"),
            (KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING"),
            (KVM_CAP_IRQFD, "KVM_CAP_IRQFD"),
            (KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD"),
            (KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI"),
            (KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"),
            (KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE"),
        ]
        #if arch(x86_64)
        list += [
            (KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"),
            (KVM_CAP_PIT2, "KVM_CAP_PIT2"),
            (KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"),
            (KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR"),
            (KVM_CAP_ADJUST_CLOCK, "KVM_CAP_ADJUST_CLOCK"),
            (KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS"),
        ]
        #endif
        return list
    }()
}
