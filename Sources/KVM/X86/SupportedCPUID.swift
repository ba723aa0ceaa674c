#if arch(x86_64)
internal import CLinux
internal import Host
internal import Hypervisor
internal import Synchronization

/// What KVM can show a guest in CPUID, asked once.
///
/// The answer is made of dozens of CPUID instructions, each of which traps where the host is itself a virtual machine:
/// 0.3 to 4 ms there, 20 µs on bare metal. So under a hypervisor a thread asks for it while the machine is being built,
/// and whoever needs it first waits for the rest only.
final class SupportedCPUID: Sendable {
    /// What the asking thread shares with this object: not the object itself, whose end waits for the thread.
    private final class Answer: Sendable {
        private let file: KVMFile
        private let entries = Mutex<[kvm_cpuid_entry2]?>(nil)

        init(_ file: KVMFile) { self.file = file }

        /// The lock is held while the kernel works: that is how the second caller waits for the first.
        func get() throws(Errno) -> [kvm_cpuid_entry2] {
            try entries.withLock { known throws(Errno) in
                if let known { return known }
                // More than any kernel has; one that has more says E2BIG.
                var entries = [kvm_cpuid_entry2](repeating: kvm_cpuid_entry2(), count: 512)
                try file.call(APUS_KVM_GET_SUPPORTED_CPUID, entries: &entries)
                known = entries
                return entries
            }
        }
    }

    private let answer: Answer
    private let thread: Thread?

    init(_ file: KVMFile) {
        let answer = Answer(file)
        self.answer = answer
        let isNested = apus_cpuid(1, 0).ecx & 1 << 31 != 0
        thread = isNested ? try? Thread(name: "cpuid") { _ = try? answer.get() } : nil
    }

    deinit { thread?.join() }

    func entries() throws(HypervisorError) -> [kvm_cpuid_entry2] {
        do throws(Errno) {
            return try answer.get()
        } catch {
            throw .failed(to: "ask KVM which processor features a guest can have", errno: error)
        }
    }
}
#endif
