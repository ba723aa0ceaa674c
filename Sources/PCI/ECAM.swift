package import Bus
internal import Hypervisor
package import Memory
internal import Synchronization

/// Memory-mapped configuration space: 4 KiB per function, 1 MiB per bus. PCIe 4.0 §7.2.2.
///
/// Mapped nowhere until `place` is called, which a host bridge does as its register is programmed, and a board without
/// such a register once.
package final class ECAM: BusDevice {
    private let root: PCIRootComplex
    /// Held while the mapping changes, so that the last `place` wins.
    private let mapping = Mutex<AddressSpace.Mapping?>(nil)

    package init(_ root: PCIRootComplex) { self.root = root }

    /// The number of bytes for `buses` buses.
    package static func size(buses: Int) -> UInt64 { UInt64(clamping: buses) << 20 }

    /// Where it is mapped.
    package var range: GuestRange? { mapping.withLock { $0?.range } }

    /// Maps it at `range`, whose first byte is function 00:00.0's and whose size says how many buses it shows; nil:
    /// takes it away. From any thread.
    package func place(_ range: GuestRange?) {
        mapping.withLock { mapping in
            guard mapping?.range != range else { return }
            let memory = root.environment.buses.memory
            if let mapping { memory.unmap(mapping) }
            mapping = range.map { memory.map($0, name: "ECAM", to: self) }
        }
    }

    package func read(_ access: Access) -> UInt64 { root.read(ECAM.target(access), ECAM.register(access)) }

    package func write(_ value: UInt64, _ access: Access) {
        root.write(ECAM.target(access), value, ECAM.register(access))
    }

    private static func target(_ access: Access) -> PCIRoutingID {
        PCIRoutingID(
            bus: UInt8(truncatingIfNeeded: access.offset >> 20),
            address: PCIAddress(devfn: UInt8(truncatingIfNeeded: access.offset >> 12)))
    }

    private static func register(_ access: Access) -> Access {
        Access(offset: access.offset & 0xfff, width: access.width)
    }
}
