package import Bus
internal import Synchronization

/// What ACPI's fixed hardware is on a machine that has none: a register of events for the Generic Event Device
/// (ACPI 6.4 §5.6.9), and the sleep and reset registers of hardware-reduced ACPI (§4.8.3.7, §4.8.3.6).
///
/// ```
///   +0  selector   32 bits, a bit per kind of event; a read clears it
///   +4  sleep control   SLP_EN (bit 5) with SLP_TYP (bits 2–4)
///   +5  sleep status    reads zero: this machine never sleeps and wakes
///   +6  reset      any write
/// ```
///
/// The interrupt is a pulse for each event: the guest's handler reads the selector once and learns of all there were.
package final class GenericEventDevice: BusDevice, MachinePart {
    package static let size: UInt64 = 8
    package static let selector: UInt64 = 0
    package static let sleepControl: UInt64 = 4
    package static let sleepStatus: UInt64 = 5
    package static let resetRegister: UInt64 = 6

    /// The selector's bit for the power button.
    package static let powerButton: UInt32 = 1 << 1
    /// SLP_TYP of soft off.
    package static let softOffType: UInt8 = 5

    private static let sleepEnable: UInt8 = 1 << 5

    private let interrupt: InterruptLine
    private let power: any PowerControl
    private let events = Mutex<UInt32>(0)

    package init(interrupt: InterruptLine, power: any PowerControl) {
        self.interrupt = interrupt
        self.power = power
    }

    package func pressPowerButton() {
        events.withLock { $0 |= GenericEventDevice.powerButton }
        interrupt.pulse()
    }

    package func read(_ access: Access) -> UInt64 {
        switch (access.offset, access.width) {
        case (GenericEventDevice.selector, .four):
            UInt64(
                events.withLock { events in
                    defer { events = 0 }
                    return events
                })
        case (GenericEventDevice.sleepControl, .one), (GenericEventDevice.sleepStatus, .one): 0
        default: access.width.mask
        }
    }

    package func write(_ value: UInt64, _ access: Access) {
        guard access.width == .one else { return }
        let value = UInt8(truncatingIfNeeded: value)
        switch access.offset {
        case GenericEventDevice.sleepControl:
            let type = value >> 2 & 7
            let enters = value & GenericEventDevice.sleepEnable != 0
            if enters, type == GenericEventDevice.softOffType { power.request(.shutdown) }
        case GenericEventDevice.resetRegister: power.request(.reset)
        default: break
        }
    }

    package func reset() { events.withLock { $0 = 0 } }
}
