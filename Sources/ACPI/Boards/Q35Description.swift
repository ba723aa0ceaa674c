/// What the q35 board's tables say about it.
///
/// The defaults are the customary places; the board states what it has. Everything must agree with the devices behind
/// it: the tables are the guest's only word on ports, windows and interrupts.
package struct Q35Description: Sendable {
    /// The parts of native PCI Express that the guest may drive itself, since they are there.
    ///
    /// PCI Firmware Specification 3.3 §4.5.1, control field.
    package struct NativeControl: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        package static let hotplug = NativeControl(rawValue: 1 << 0)
        package static let powerManagementEvents = NativeControl(rawValue: 1 << 2)
        package static let advancedErrorReporting = NativeControl(rawValue: 1 << 3)
        /// The PCI Express capability itself; without it a guest leaves the others alone.
        package static let expressCapability = NativeControl(rawValue: 1 << 4)
    }

    /// A pin of a PCI device.
    package enum Pin: UInt32, Sendable, CaseIterable {
        case a = 0
        case b = 1
        case c = 2
        case d = 3
    }

    package var processors: [Processor]
    package var numa: NUMA?
    package var ioAPIC = MADT.IOAPIC()

    /// The memory-mapped configuration space.
    package var configurationSpace: MCFG.Segment
    /// Memory that PCI devices may use below 4 GiB. It keeps clear of the configuration space and of the APICs.
    package var windows: [ClosedRange<UInt32>]
    /// Memory that PCI devices may use above.
    package var highWindow: ClosedRange<UInt64>?
    package var nativeControl: NativeControl = [.hotplug, .expressCapability]
    /// The global interrupt of a pin of a slot on the root bus, which must be above ISA's. `gsi(slot:pin:)` by default.
    package var interruptRoute: @Sendable (_ slot: UInt32, _ pin: Pin) -> UInt32 = Self.gsi

    /// The power management block of the LPC bridge: 128 ports.
    package var powerManagementBase: UInt16 = 0x600
    package var sci: UInt8 = 9
    /// What the guest writes as the sleep type to switch off.
    package var softOffType: UInt8 = 0
    package var reset = FADT.Reset(register: .port(0xCF9), value: 0x0F)
    /// Differs between machines whose hibernated guests must not resume on each other.
    package var hardwareSignature: UInt32 = 0

    package var serialPorts: [SerialPort] = []
    /// The port that firmware and early kernels write to, if they are to find out from a table.
    package var console: SerialPort?
    package var hasKeyboardController = true
    package var hasMouse = false
    package var timer: HPET? = HPET()

    package init(
        processors: [Processor], configurationSpace: MCFG.Segment, windows: [ClosedRange<UInt32>],
        highWindow: ClosedRange<UInt64>? = nil
    ) {
        self.processors = processors
        self.configurationSpace = configurationSpace
        self.windows = windows
        self.highWindow = highWindow
    }

    /// The board's wiring: pin A of slot 0 is on 16, and each slot begins one line further, within the four to 19.
    ///
    /// Devices behind a bridge are turned by their slot in the same way, by PCI's own rule, before they come here.
    package static func gsi(slot: UInt32, pin: Pin) -> UInt32 {
        16 + (slot &+ pin.rawValue) % 4
    }
}
