package import Bus
internal import Synchronization

/// The top of a PCI hierarchy: the root bus, and the routing of configuration requests to all buses below it.
///
/// `ECAM` and `ConfigurationPorts` are the guest's doors to it. The root bus is number 0.
package final class PCIRootComplex: MachinePart {
    package let bus: PCIBus
    package let environment: PCIEnvironment

    package init(name: String = "pcie.0", _ environment: PCIEnvironment) {
        self.environment = environment
        bus = PCIBus(name: name)
        bus.connect(to: environment, bridge: nil)
    }

    // MARK: Configuration requests

    /// The function that a request to `id` reaches.
    package func function(at id: PCIRoutingID) -> (any PCIFunction)? {
        guard id.bus != 0 else { return bus[id.address] }
        return bus.descendant(id.bus)?[id.address]
    }

    /// A configuration read; all ones where there is no function.
    package func read(_ id: PCIRoutingID, _ access: Access) -> UInt64 {
        guard let slot = function(at: id)?.slot else { return access.width.mask }
        return access.splitIntoDwords { UInt64(slot.readConfiguration($0)) }
    }

    /// A configuration write.
    package func write(_ id: PCIRoutingID, _ value: UInt64, _ access: Access) {
        guard let slot = function(at: id)?.slot else { return }
        _ = access.splitIntoDwords { part in
            let shift = (part.offset - access.offset) * 8
            slot.writeConfiguration(UInt32(truncatingIfNeeded: value >> shift & part.width.mask), part)
            return 0
        }
    }

    // MARK: Lifecycle

    package func reset() { bus.reset() }
    package func pause() { bus.pause() }
    package func resume() { bus.resume() }

    /// Takes every function off its bus, so that nothing keeps another alive.
    package func tearDown() { bus.unplugAll() }
}

extension PCIBus {
    /// The bus with this number below this one, as the bridges' registers have it.
    fileprivate func descendant(_ number: UInt8) -> PCIBus? {
        for function in functions {
            guard let secondary = function.secondary, let numbers = function.slot.busNumbers, numbers.contains(number)
            else { continue }
            return number == numbers.lowerBound ? secondary : secondary.descendant(number)
        }
        return nil
    }
}

extension Access {
    /// Calls `body` for parts that each lie within one dword, as configuration requests do, and joins their values.
    fileprivate func splitIntoDwords(_ body: (Access) -> UInt64) -> UInt64 {
        if offset & 3 &+ width.count <= 4 { return body(self) }
        let step: AccessWidth = offset & 3 == 0 ? .four : .one
        var value: UInt64 = 0
        for position in stride(from: 0, to: width.count, by: Int(step.rawValue)) {
            value |= (body(Access(offset: offset &+ position, width: step)) & step.mask) << (position * 8)
        }
        return value
    }
}
