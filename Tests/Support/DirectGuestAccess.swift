package import Bus
package import Hypervisor
package import Memory

/// A guest's accesses made straight on the buses and the memory of a machine in this process. RAM wins over devices, as
/// it does with KVM.
package final class DirectGuestAccess: GuestAccess {
    private let buses: Buses
    private let memory: GuestMemory

    package init(buses: Buses, memory: GuestMemory) {
        self.buses = buses
        self.memory = memory
    }

    package func input(_ port: UInt16, _ width: AccessWidth) -> UInt64 {
        buses.ports.read(GuestAddress(UInt64(port)), width)
    }

    package func output(_ value: UInt64, to port: UInt16, _ width: AccessWidth) {
        buses.ports.write(value, to: GuestAddress(UInt64(port)), width)
    }

    package func load(_ address: UInt64, _ width: AccessWidth) -> UInt64 {
        let address = GuestAddress(address)
        guard let bytes = memory.bytes(at: address, count: Int(width.rawValue)) else {
            return buses.memory.read(address, width)
        }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    package func store(_ value: UInt64, at address: UInt64, _ width: AccessWidth) {
        let address = GuestAddress(address)
        let bytes = (0..<width.count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        do throws(MemoryError) { try memory.write(bytes, at: address) } catch {
            buses.memory.write(value & width.mask, to: address, width)
        }
    }

    package func bytes(at address: UInt64, count: Int) -> [UInt8] {
        memory.bytes(at: GuestAddress(address), count: count) ?? [UInt8](repeating: 0xff, count: count)
    }

    package func write(_ bytes: [UInt8], at address: UInt64) {
        // As on a bus, a write to nothing is lost.
        try? memory.write(bytes, at: GuestAddress(address))
    }
}
