internal import Bus
internal import Synchronization

/// A PCI bus: functions by address.
///
/// The root bus belongs to a `PCIRootComplex`, every other one to the bridge or port it hangs from, which returns it as
/// `PCIFunction.secondary`. Functions come and go on the control thread; lookups come from any.
package final class PCIBus: Sendable {
    /// What its owner connected it to.
    private final class Upstream: Sendable {
        let environment: PCIEnvironment
        /// The bridge above; nil for the root bus.
        weak let bridge: (any PCIFunction)?
        let isRoot: Bool

        init(_ environment: PCIEnvironment, _ bridge: (any PCIFunction)?) {
            self.environment = environment
            self.bridge = bridge
            isRoot = bridge == nil
        }
    }

    private struct Members {
        private(set) var byAddress: [PCIAddress: any PCIFunction] = [:]
        /// The same in order of address, so that a walk need not sort.
        private(set) var ordered: [any PCIFunction] = []

        mutating func set(_ address: PCIAddress, _ function: (any PCIFunction)?) {
            byAddress[address] = function
            ordered = byAddress.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// `pcie.0`, or the `id=` of the port above.
    package let name: String
    /// Whether it is a PCI Express link, which has device 0 only.
    package let isLink: Bool
    private let members = Mutex(Members())
    private let upstream = AtomicLazyReference<Upstream>()

    package init(name: String, isLink: Bool = false) {
        self.name = name
        self.isLink = isLink
    }

    /// Every function, in order of address.
    package var functions: [any PCIFunction] { members.withLock { $0.ordered } }

    /// The function at `address`.
    package subscript(_ address: PCIAddress) -> (any PCIFunction)? { members.withLock { $0.byAddress[address] } }

    /// The bridge above.
    package var bridge: (any PCIFunction)? { upstream.load()?.bridge }

    /// Connects the bus; its functions can be plugged from then on.
    func connect(to environment: PCIEnvironment, bridge: (any PCIFunction)?) {
        _ = upstream.storeIfNil(Upstream(environment, bridge))
    }

    // MARK: Plugging

    /// Puts a function on the bus: at `address`, or at the first device number that is free.
    package func plug(_ function: any PCIFunction, at address: PCIAddress? = nil) throws(PCIError) {
        guard let upstream = upstream.load() else { throw .notConnected(bus: name) }
        let slot = function.slot
        let place = if let address { address } else { try firstFree() }
        try check(place, for: slot)
        let connection = PCIConnection(
            environment: upstream.environment, address: place,
            wire: slot.layout.interruptPin.map { wire(for: $0, of: place) }, bus: self, function: function)
        try slot.connect(connection, isOnRootBus: upstream.isRoot)
        function.secondary?.connect(to: upstream.environment, bridge: function)
        members.withLock { $0.set(place, function) }
        function.plugged()
        upstream.bridge?.secondaryChanged()
    }

    /// Takes a function off the bus, and everything below it. Idempotent.
    package func unplug(_ function: any PCIFunction) {
        guard let address = function.slot.address, self[address] === function else { return }
        function.secondary?.unplugAll()
        members.withLock { $0.set(address, nil) }
        function.slot.disconnect()
        function.unplugged()
        upstream.load()?.bridge?.secondaryChanged()
    }

    /// Takes everything off the bus.
    package func unplugAll() { for function in functions.reversed() { unplug(function) } }

    private func firstFree() throws(PCIError) -> PCIAddress {
        let taken = Set(members.withLock { $0.byAddress.keys.map(\.device) })
        for device in 0..<(isLink ? 1 : 32) where !taken.contains(UInt8(device)) {
            if let address = PCIAddress(device: device) { return address }
        }
        throw .noFreeSlot(bus: name)
    }

    /// A device with several functions says so in its function 0; software looks at the others only then.
    /// PCI 3.0 §6.2.1.
    private func check(_ address: PCIAddress, for slot: PCISlot) throws(PCIError) {
        guard !isLink || address.device == 0 else { throw .onlyDeviceZero(address, bus: name) }
        let siblings = members.withLock { $0.byAddress }.filter { $0.key.device == address.device }
        if let other = siblings[address] { throw .slotTaken(address, bus: name, by: other.slot.name) }
        if address.function == 0 {
            guard siblings.isEmpty || slot.layout.identity.isMultifunction else {
                throw .siblingsPresent(address, bus: name)
            }
        } else if let zero = siblings.first(where: { $0.key.function == 0 })?.value.slot {
            guard zero.layout.identity.isMultifunction else {
                throw .functionZeroIsSingle(address, bus: name, functionZero: zero.name)
            }
        }
    }

    /// The host wire a pin ends at: swizzled once by every bus on the way up.
    private func wire(for pin: PCIInterruptPin, of address: PCIAddress) -> Int {
        var wire = INTxWires.swizzle(device: address.device, pin: pin.number)
        var above = bridge
        while let bridge = above, let address = bridge.slot.address {
            wire = INTxWires.swizzle(device: address.device, pin: wire)
            above = bridge.slot.connection.load()?.bus?.bridge
        }
        return wire
    }

    // MARK: Lifecycle

    /// Power-on state for every function, those below bridges first.
    package func reset() {
        for function in functions {
            function.secondary?.reset()
            function.slot.reset()
            function.reset()
            // What the device raised between the two does not outlive the reset.
            function.slot.setInterrupt(false)
        }
    }

    func pause() {
        for function in functions {
            function.secondary?.pause()
            function.pause()
        }
    }

    func resume() {
        for function in functions {
            function.resume()
            function.secondary?.resume()
        }
    }
}
