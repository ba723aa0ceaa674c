package import ACPI
package import Bus
package import Configuration
package import Hypervisor
package import Memory
internal import Character
internal import Devices
internal import Firmware
internal import Host
internal import Synchronization
internal import Virtio

/// `microvm`: the smallest machine that a stock kernel drives. No PCI, no firmware; virtio over MMIO, a serial port, and
/// an ACPI description of just that (hardware-reduced: a Generic Event Device brings the power button).
///
/// ```
///   0x0000_0000  RAM, up to 3 GiB
///   0xfea0_0000  events: GED selector, sleep and reset registers
///   0xfeb0_0000  virtio-mmio, 32 windows of 512 bytes
///   0xfec0_0000  IOAPIC        0xfee0_0000  local APICs
///   0x1_0000_0000  the rest of RAM
/// ```
///
/// Kernels without ACPI find the virtio devices on their command line (`virtio_mmio.device=`), where the board adds them
/// (`auto-kernel-cmdline=off` leaves that to the user).
package final class MicroVM: Board {
    package static let type = MachineType(
        name: "microvm", aliases: [], summary: "minimal machine: virtio over MMIO, direct kernel boot",
        maximumProcessors: 254, lowMemoryLimit: 0xc000_0000,
        schema: PropertySchema(BoardProperties.acpi, MicroVM.describesDevices))

    private static let describesDevices = Property<Bool>.boolean(
        "auto-kernel-cmdline", default: true, "name virtio devices on the kernel's command line")

    static let eventBase: UInt64 = 0xfea0_0000
    static let virtioBase: UInt64 = 0xfeb0_0000
    static let virtioWindow: UInt64 = 0x200
    static let virtioSlots = 32
    static let eventInterrupt: UInt32 = 9
    /// Where virtio devices interrupt, in turn: first those inputs that a guest without ACPI can use too. Devices beyond
    /// the sixteenth share.
    static let virtioInterrupts: [UInt32] = [5, 6, 7, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]

    private struct State {
        var transports: [MMIOTransport] = []
        var others: [any MachinePart] = []
        var plugged: [PluggedDevice] = []
        var loader: BootLoader?
    }

    private let construction: Construction
    private let hasACPI: Bool
    private let addsArguments: Bool
    private let events: GenericEventDevice
    private let serial: SerialPorts
    private let interrupts: [InterruptJoin]
    private let state = Mutex(State())

    package init(_ construction: Construction, _ reader: inout PropertyReader) throws(MachineError) {
        self.construction = construction
        (hasACPI, addsArguments) = try configured { [reader = &reader] () throws(ConfigurationError) in
            (try reader.value(BoardProperties.acpi), try reader.value(MicroVM.describesDevices))
        }
        fatalError()
    }
}
