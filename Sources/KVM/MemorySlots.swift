internal import CLinux
internal import Host
package import Hypervisor
package import Memory
internal import Synchronization

/// KVM's memory slots of one machine: which host memory the guest sees where.
struct MemorySlots: ~Copyable {
    private var regions: [UInt32: MemoryRegion] = [:]

    /// Shows `region` to the guest at its address. With `readOnly`, guest writes there become accesses to the bus.
    mutating func add(
        _ region: MemoryRegion, readOnly: Bool, to file: borrowing KVMFile
    ) throws(HypervisorError) {
        let number = regions.isEmpty ? 0 : (0...UInt32(regions.count)).first { regions[$0] == nil } ?? 0
        var slot = kvm_userspace_memory_region(
            slot: number, flags: readOnly ? UInt32(APUS_KVM_MEM_READONLY) : 0,
            guest_phys_addr: region.range.start.rawValue, memory_size: region.range.count,
            userspace_addr: UInt64(UInt(bitPattern: unsafe region.host)))
        try file.perform("give the guest its memory at \(region.range)", APUS_KVM_SET_USER_MEMORY_REGION, with: &slot)
        // Kept alive: the guest reaches its pages as long as the slot is there.
        regions[number] = region
    }

    /// Takes `region` away again; nothing if it is not there.
    mutating func remove(_ region: MemoryRegion, from file: borrowing KVMFile) throws(HypervisorError) {
        guard let number = regions.first(where: { $0.value === region })?.key else { return }
        var slot = kvm_userspace_memory_region(
            slot: number, flags: 0, guest_phys_addr: region.range.start.rawValue, memory_size: 0, userspace_addr: 0)
        let action = "take the guest's memory at \(region.range) away"
        try file.perform(action, APUS_KVM_SET_USER_MEMORY_REGION, with: &slot)
        regions[number] = nil
    }
}

extension KVMMachine {
    package func map(_ region: MemoryRegion, readOnly: Bool) throws(HypervisorError) {
        try slots.withLock { slots throws(HypervisorError) in try slots.add(region, readOnly: readOnly, to: file) }
    }

    package func unmap(_ region: MemoryRegion) throws(HypervisorError) {
        try slots.withLock { slots throws(HypervisorError) in try slots.remove(region, from: file) }
    }
}
