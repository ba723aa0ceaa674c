internal import Bus
internal import Synchronization

extension PCIRootComplex {
    /// The whole hierarchy as the guest has set it up.
    package var description: PCIBusDescription { PCIBusDescription(number: 0, devices: bus.describe(number: 0)) }
}

extension PCIBus {
    fileprivate func describe(number: UInt8) -> [PCIDeviceDescription] {
        functions.compactMap { function in
            guard let address = function.slot.address else { return nil }
            return function.slot.describe(number, address, function.secondary)
        }
    }
}

extension PCISlot {
    fileprivate func describe(_ bus: UInt8, _ address: PCIAddress, _ secondary: PCIBus?) -> PCIDeviceDescription {
        let space = registers.withLock { $0 }
        let regions = layout.bars.map { bar in
            let low = UInt64(space.read(bar.offset, .four) & (bar.space == .io ? ~3 : ~15))
            let base = low | (bar.is64Bit ? UInt64(space.read(bar.offset + 4, .four)) << 32 : 0)
            return PCIDeviceDescription.Region(
                bar: bar.index, space: bar.space, size: bar.size, address: base == 0 ? nil : base)
        }
        return PCIDeviceDescription(
            name: name, bus: bus, address: address, identity: layout.identity,
            interruptLine: UInt8(truncatingIfNeeded: space.read(ConfigurationOffset.interruptLine, .one)),
            interruptPin: layout.interruptPin, regions: regions,
            bridge: secondary.map { PCISlot.describeBridge(space, $0) })
    }

    private static func describeBridge(_ space: ConfigurationSpace, _ bus: PCIBus) -> PCIDeviceDescription.Bridge {
        let numbers = space.read(ConfigurationOffset.primaryBus, .four)
        let secondary = UInt8(truncatingIfNeeded: numbers >> 8)
        let windows = PCIBridgeRegisters(space)
        func window(_ window: (base: UInt64, limit: UInt64)) -> PCIDeviceDescription.Bridge.Window {
            .init(base: window.base, limit: window.limit)
        }
        return PCIDeviceDescription.Bridge(
            primary: UInt8(truncatingIfNeeded: numbers), secondary: secondary,
            subordinate: UInt8(truncatingIfNeeded: numbers >> 16), io: window(windows.io),
            memory: window(windows.memory), prefetchable: window(windows.prefetchable),
            devices: bus.describe(number: secondary))
    }
}
