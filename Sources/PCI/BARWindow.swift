internal import Bus

/// A BAR as the address space sees it: passes accesses to the function, and those to its MSI-X table to the framework.
final class BARWindow: BusDevice {
    private let bar: Int
    private let function: any PCIFunction
    private let msix: MSIX?

    init(bar: Int, of function: any PCIFunction) {
        self.bar = bar
        self.function = function
        let msix = function.slot.msix
        self.msix = msix?.layout.bar == bar ? msix : nil
    }

    func read(_ access: Access) -> UInt64 {
        if let msix, msix.owns(access.offset) { return msix.read(access) }
        return function.read(bar: bar, access)
    }

    func write(_ value: UInt64, _ access: Access) {
        guard let msix, msix.owns(access.offset) else { return function.write(bar: bar, value, access) }
        for vector in msix.write(value, access) { vector.signal() }
    }
}
