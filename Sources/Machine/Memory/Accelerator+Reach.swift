internal import Configuration
internal import Hypervisor
internal import KVM
internal import Memory

extension Accelerator {
    /// Every processor that runs 64-bit guests has at least so many bits of physical address.
    private static let certainBits: UInt64 = 36

    /// Refuses RAM that the host's processor cannot address for a guest, before the memory is made.
    ///
    /// Only large machines are looked at: CPUID takes time under nested virtualization.
    static func checkReach(_ configuration: MachineConfiguration, _ layout: RAMLayout) throws(MachineError) {
        guard layout.end > 1 << certainBits, configuration.accelerators.first?.name ?? "kvm" == "kvm" else { return }
        // Without KVM, choosing the accelerator tells a better reason.
        guard let bits = try? KVMSystem.open().physicalAddressBits() else { return }
        try checkReach(layout, bits: bits)
    }

    static func checkReach(_ layout: RAMLayout, bits: Int) throws(MachineError) {
        guard bits < 64, layout.end > UInt64(1) << UInt64(bits) else { return }
        let hole = RAMLayout.fourGiB - layout.low.count
        let most = (UInt64(1) << UInt64(bits)) - hole
        throw .part(
            option: "-m",
            reason: "This host's processor has \(bits) bits of physical address, which are enough for "
                + "\(NumberText.sized(most)) of memory here.")
    }
}
