/// Why a function could not be plugged, described or placed.
package enum PCIError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `addr=` is not of a form it takes.
    case notAnAddress(String)
    /// Another function is at this address.
    case slotTaken(PCIAddress, bus: String, by: String)
    /// No device number of the bus is free.
    case noFreeSlot(bus: String)
    /// Behind a port there is device 0 only.
    case onlyDeviceZero(PCIAddress, bus: String)
    /// Function 0 of the device does not say that it has siblings.
    case functionZeroIsSingle(PCIAddress, bus: String, functionZero: String)
    /// A function 0 without multifunction came to a device that has other functions.
    case siblingsPresent(PCIAddress, bus: String)
    /// The bridge that the bus belongs to is not plugged in.
    case notConnected(bus: String)
    /// The function was plugged before.
    case alreadyPlugged(String)
    /// A function's layout cannot be; `reason` completes "its …".
    case invalidLayout(name: String, reason: String)
    /// The functions need more of a window than it has.
    case windowTooSmall(window: String, needed: UInt64, available: UInt64)
    /// More than 256 buses.
    case noFreeBusNumber(bridge: String)

    package var description: String {
        switch self {
        case .notAnAddress(let text):
            "'\(text)' is not a PCI address: write DEVICE or DEVICE.FUNCTION in hexadecimal, device 0 to 1f, "
                + "function 0 to 7."
        case .slotTaken(let address, let bus, let other):
            "PCI address \(address) on bus '\(bus)' is taken by '\(other)'; choose another addr=."
        case .noFreeSlot(let bus):
            "Bus '\(bus)' has no free PCI slot; put the device on another bus=."
        case .onlyDeviceZero(let address, let bus):
            "PCI address \(address) does not exist on bus '\(bus)': behind a port there is only device 0."
        case .functionZeroIsSingle(let address, let bus, let functionZero):
            "PCI address \(address) on bus '\(bus)' needs multifunction=on for '\(functionZero)', its function 0."
        case .siblingsPresent(let address, let bus):
            "PCI address \(address) on bus '\(bus)' has other functions already, so function 0 needs multifunction=on."
        case .notConnected(let bus):
            "Bus '\(bus)' belongs to a bridge that is not plugged in."
        case .alreadyPlugged(let name):
            "'\(name)' is plugged in already."
        case .invalidLayout(let name, let reason):
            "'\(name)' cannot be a PCI function: its \(reason)."
        case .windowTooSmall(let window, let needed, let available):
            "PCI devices need \(needed) bytes of \(window), but only \(available) bytes are free."
        case .noFreeBusNumber(let bridge):
            "There is no PCI bus number left for '\(bridge)': a machine has 256."
        }
    }
}
