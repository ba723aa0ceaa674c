#if arch(x86_64)
internal import CLinux
internal import Host
internal import Hypervisor
internal import Synchronization

/// kvm-clock while the machine is paused.
struct ClockState: Sendable {
    /// What it showed at the pause; nil while the machine runs.
    var stoppedAt: UInt64?
}

extension KVMMachine {
    /// Remembers what kvm-clock shows. The vCPUs must stand still. Idempotent.
    package func pause() {
        clock.withLock { clock in
            guard clock.stoppedAt == nil else { return }
            var data = kvm_clock_data()
            if (try? file.call(APUS_KVM_GET_CLOCK, with: &data)) != nil { clock.stoppedAt = data.clock }
        }
    }

    /// Sets kvm-clock back to the moment of the pause, and tells each vCPU that it was stopped, so that the guest's
    /// watchdogs do not take the gap for a lock-up. Idempotent.
    package func resume() {
        let stoppedAt = clock.withLock { clock in
            let stoppedAt = clock.stoppedAt
            clock.stoppedAt = nil
            return stoppedAt
        }
        guard let stoppedAt else { return }
        var data = kvm_clock_data()
        data.clock = stoppedAt
        _ = try? file.call(APUS_KVM_SET_CLOCK, with: &data)
        for cpu in virtualCPUs.withLock({ $0 }) {
            // Refused by a vCPU whose guest has not set up a kvm-clock.
            _ = try? cpu.value?.file.call(APUS_KVM_KVMCLOCK_CTRL)
        }
    }

    /// kvm-clock's time in nanoseconds.
    package var clockNanoseconds: UInt64? {
        var data = kvm_clock_data()
        return (try? file.call(APUS_KVM_GET_CLOCK, with: &data)) == nil ? nil : data.clock
    }

    /// The frequency of the guest's TSC, 0 if KVM cannot say (then it changes, or is not one).
    var tscKHz: UInt32 {
        guard file.capability(KVM_CAP_GET_TSC_KHZ) > 0 else { return 0 }
        // Asked of a vCPU in old kernels and of the machine too since 5.16.
        let ask = virtualCPUs.withLock { $0.lazy.compactMap { $0.value }.first }?.file ?? file
        return UInt32(clamping: max(0, (try? ask.call(APUS_KVM_GET_TSC_KHZ)) ?? 0))
    }
}
#endif
