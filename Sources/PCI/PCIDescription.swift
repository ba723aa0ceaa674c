/// What a guest sees on a bus, for `query-pci` and `info pci`.
package struct PCIBusDescription: Sendable, Equatable {
    package let number: UInt8
    package let devices: [PCIDeviceDescription]
}

/// One function.
package struct PCIDeviceDescription: Sendable, Equatable {
    package struct Region: Sendable, Equatable {
        package let bar: Int
        package let space: PCIBAR.Space
        package let size: UInt64
        /// Where the register places it, decoded or not; nil: it was never placed.
        package let address: UInt64?
    }

    /// A bridge's side of it. Windows that are closed have a limit below their base.
    package struct Bridge: Sendable, Equatable {
        package struct Window: Sendable, Equatable {
            package let base: UInt64
            package let limit: UInt64
        }

        package let primary: UInt8
        package let secondary: UInt8
        package let subordinate: UInt8
        package let io: Window
        package let memory: Window
        package let prefetchable: Window
        package let devices: [PCIDeviceDescription]
    }

    /// The device's `id=`.
    package let name: String
    package let bus: UInt8
    package let address: PCIAddress
    package let identity: PCIIdentity
    /// What the guest stored in Interrupt Line, and the pin; nil without a pin.
    package let interruptLine: UInt8
    package let interruptPin: PCIInterruptPin?
    package let regions: [Region]
    package let bridge: Bridge?
}
