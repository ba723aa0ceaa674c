/// What the microVM board's tables say about it.
///
/// There is no PCI and no fixed hardware. Devices are virtio-mmio, events come from a Generic Event Device, and the
/// machine sleeps and resets through registers of one byte each.
package struct MicroVMDescription: Sendable {
    /// A virtio device by its registers. Linux binds its virtio-mmio driver to the identifier `LNRO0005`.
    package struct VirtioDevice: Sendable, Equatable {
        package var base: UInt32
        package var length: UInt32
        package var gsi: UInt32

        package init(base: UInt32, length: UInt32 = 0x200, gsi: UInt32) {
            self.base = base
            self.length = length
            self.gsi = gsi
        }
    }

    /// The Generic Event Device: an interrupt, and a register that says what it is about. ACPI 6.4 §5.6.9.
    package struct EventDevice: Sendable, Equatable {
        /// A register of 32 bits, with one for each kind of event. Reading it clears it.
        package var selector: UInt64
        package var gsi: UInt32
        /// The bit for a press of the power button.
        package var powerButton: UInt32

        package init(selector: UInt64, gsi: UInt32, powerButton: UInt32 = 1 << 1) {
            self.selector = selector
            self.gsi = gsi
            self.powerButton = powerButton
        }
    }

    package var processors: [Processor]
    package var numa: NUMA?
    package var ioAPICs = [MADT.IOAPIC()]
    /// Whether the machine has 8259s for the guest to silence.
    package var hasLegacyPIC = false

    package var virtioDevices: [VirtioDevice] = []
    /// How virtio devices interrupt.
    ///
    /// Edge by default: an eventfd bound to the in-kernel interrupt controller is a pulse, which a level-triggered pin
    /// may miss while it waits for an earlier one to be acknowledged. The driver can share a line of either kind, as
    /// it reads each device's interrupt status before it trusts an interrupt.
    package var virtioTrigger: AML.Trigger = .edge
    package var eventDevice: EventDevice

    package var sleepControl: GenericAddress
    package var sleepStatus: GenericAddress
    /// What the guest writes as the sleep type to switch off: three bits.
    package var softOffType: UInt8 = 5
    /// How the guest resets the machine. By default the line of the keyboard controller that leads to the processor.
    package var reset = FADT.Reset(register: .port(0x64), value: 0xFE)

    package var serialPorts: [SerialPort] = []
    /// Whether a keyboard may be behind the controller; a guest looks for one for a while.
    package var hasKeyboardController = false
    package var hasRealTimeClock = false

    package init(
        processors: [Processor], eventDevice: EventDevice, sleepControl: GenericAddress, sleepStatus: GenericAddress
    ) {
        self.processors = processors
        self.eventDevice = eventDevice
        self.sleepControl = sleepControl
        self.sleepStatus = sleepStatus
    }
}
