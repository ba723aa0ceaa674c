package import Hypervisor
internal import ACPI
internal import Bus
internal import Configuration
internal import Devices
internal import Firmware
internal import Memory
internal import PCI
internal import Synchronization

// What firmware would do, and the tables that tell the guest of it.
extension Q35 {
    private static let ecamBase: UInt64 = 0xb000_0000
    private static let ecamSize: UInt64 = 256 << 20
    private static let memoryWindow: ClosedRange<UInt32> = 0xc000_0000...0xfebf_ffff
    /// Ports from here on are free for BARs.
    private static let ioWindow: ClosedRange<UInt64> = 0x1000...0xffff
    private static let powerManagementBase: UInt16 = 0x600
    private static let highWindowSize: UInt64 = 32 << 30

    package func complete() throws(MachineError) {
        let layout = try construction.layout(Q35.type)
        let tables = hasACPI ? try tables(layout) : nil
        let ecam = GuestRange(start: GuestAddress(Q35.ecamBase), count: Q35.ecamSize)
        let loader = try BootLoader(
            construction.configuration.firmware, tables: tables,
            memoryMap: BootLoader.memoryMap(layout, reserved: ecam.map { [$0] } ?? []),
            files: construction.backEnds.descriptorSets)
        self.loader.withLock { $0 = loader }
    }

    package func boot(_ processor: (any VirtualCPU)?) throws(MachineError) {
        hostBridge.placeECAM(at: GuestAddress(Q35.ecamBase))
        lpc.placePowerManagement(at: Q35.powerManagementBase)
        let layout = try construction.layout(Q35.type)
        if let windows = Q35.windows(layout) {
            try blaming("-device") { () throws(PCIError) in try root.assignResources(windows) }
        }
        try loader.withLock { $0 }?.load(construction.memory, processor)
    }

    /// The window above RAM, aligned to its own size so that the largest BARs fit.
    private static func highWindow(_ layout: RAMLayout) -> ClosedRange<UInt64>? {
        guard let start = GuestAddress(layout.end).aligned(up: highWindowSize),
            let last = start.advanced(by: highWindowSize - 1), last.rawValue < 1 << 40
        else { return nil }
        return start.rawValue...last.rawValue
    }

    private static func windows(_ layout: RAMLayout) -> PCIWindows? {
        let io = GuestRange(start: GuestAddress(ioWindow.lowerBound), last: GuestAddress(ioWindow.upperBound))
        let high = highWindow(layout).flatMap {
            GuestRange(start: GuestAddress($0.lowerBound), last: GuestAddress($0.upperBound))
        }
        return GuestRange(
            start: GuestAddress(UInt64(memoryWindow.lowerBound)), last: GuestAddress(UInt64(memoryWindow.upperBound))
        ).map { PCIWindows(io: io, memory: $0, high: high) }
    }

    private func tables(_ layout: RAMLayout) throws(MachineError) -> [Table] {
        var description = Q35Description(
            processors: construction.describedProcessors,
            configurationSpace: MCFG.Segment(address: Q35.ecamBase), windows: [Q35.memoryWindow],
            highWindow: Q35.highWindow(layout))
        description.numa = construction.describedNodes
        description.powerManagementBase = Q35.powerManagementBase
        description.sci = UInt8(Q35.sci)
        description.serialPorts = serial.described
        description.timer = hpet == nil ? nil : ACPI.HPET()
        // INTx of slot and pin ends at the router's wire, as the PCI module counts.
        description.interruptRoute = Q35Description.gsi
        return try blaming("ACPI tables") { () throws(ACPIError) in try description.tables() }
    }
}
