/// A guest's walk over all buses.
package struct PCIGuestBus {
    private let door: any PCIGuestDoor

    package init(_ door: any PCIGuestDoor) { self.door = door }

    package func function(_ bus: UInt8, _ device: UInt8, _ function: UInt8 = 0) -> PCIGuestFunction {
        PCIGuestFunction(door, PCIGuestAddress(bus, device, function))
    }

    /// Every function there is, below bridges too; those have bus numbers by then.
    package func enumerate(bus: UInt8 = 0) -> [PCIGuestFunction] {
        var found: [PCIGuestFunction] = []
        for device in UInt8(0)..<32 {
            let first = function(bus, device)
            guard first.exists else { continue }
            for number in UInt8(0)..<(first.isMultifunction ? 8 : 1) {
                let function = function(bus, device, number)
                guard function.exists else { continue }
                found.append(function)
                let secondary = function.isBridge ? function.read8(0x19) : 0
                if secondary > bus { found += enumerate(bus: secondary) }
            }
        }
        return found
    }

    /// The first function with these ids.
    package func find(vendor: UInt16, device: UInt16) -> PCIGuestFunction? {
        enumerate().first { $0.vendor == vendor && $0.device == device }
    }

    /// Numbers the buses behind bridges, depth first; the highest number in use comes back.
    @discardableResult
    package func assignBusNumbers(bus: UInt8 = 0, last: UInt8 = 0) -> UInt8 {
        var last = last
        for bridge in enumerate(bus: bus) where bridge.address.bus == bus && bridge.isBridge {
            let secondary = last + 1
            bridge.write8(0x18, bus)
            bridge.write8(0x19, secondary)
            // Open while it is being walked.
            bridge.write8(0x1a, 0xff)
            last = assignBusNumbers(bus: secondary, last: secondary)
            bridge.write8(0x1a, last)
        }
        return last
    }
}
