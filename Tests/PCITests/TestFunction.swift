import Bus
import PCI
import Support
import Synchronization

/// A function that remembers what it was told: BAR 0 32-bit memory of 4 KiB, BAR 1 MSI-X, BAR 2 ports, BAR 4 64-bit
/// prefetchable memory of 16 KiB.
final class TestFunction: PCIFunction {
    enum Event: Equatable, Sendable {
        case read(bar: Int, Access)
        case write(bar: Int, UInt64, Access)
        case configuration(UInt32, Access)
        case busMaster(Bool)
        case plugged, unplugged, reset
    }

    let slot: PCISlot
    let events = Recorder<Event>()

    init(
        _ name: String = "test", vectors: Int = 4, messages: Int = 0, multifunction: Bool = false,
        pin: PCIInterruptPin? = .a, express: Bool = true, change: (inout PCILayout) -> Void = { _ in }
    ) throws {
        var layout = PCILayout(
            PCIIdentity(
                vendor: 0x1af4, device: 0x10ff, revision: 3, classCode: 0xff0102, subsystemVendor: 0x1af4,
                subsystem: 0x1100, isMultifunction: multifunction))
        layout.bars = [
            PCIBAR(0, .memory32, size: 0x1000), PCIBAR(2, .io, size: 0x40),
            PCIBAR(4, .memory64(prefetchable: true), size: 0x4000),
        ]
        layout.interruptPin = pin
        layout.express = express ? .endpoint : nil
        layout.hasPowerManagement = true
        layout.messages = messages
        if vectors > 0 { layout.addMSIX(bar: 1, vectors: vectors) }
        layout.capabilities = [
            PCICapability(id: PCICapability.vendorSpecific, body: [6, 0xaa, 0xbb, 0xcc], writable: [0, 0, 0xff])
        ]
        if express { layout.extendedCapabilities = [PCIExtendedCapability(id: 0x0b, version: 1, body: [1, 2, 3, 4])] }
        change(&layout)
        slot = try PCISlot(name: name, layout)
    }

    /// What a read of BAR `bar` at `offset` answers.
    static func pattern(_ bar: Int, _ offset: UInt64) -> UInt64 {
        0x1122_3344_5566_7700 + UInt64(bar) << 4 + offset & 0xf
    }

    func read(bar: Int, _ access: Access) -> UInt64 {
        events.record(.read(bar: bar, access))
        return TestFunction.pattern(bar, access.offset)
    }

    func write(bar: Int, _ value: UInt64, _ access: Access) { events.record(.write(bar: bar, value, access)) }
    func configurationWritten(_ value: UInt32, _ access: Access) { events.record(.configuration(value, access)) }
    func busMasterChanged(_ isEnabled: Bool) { events.record(.busMaster(isEnabled)) }
    func plugged() { events.record(.plugged) }
    func unplugged() { events.record(.unplugged) }
    func reset() { events.record(.reset) }
}
