package import Bus
package import Configuration
package import Hypervisor
package import PCI

/// What a machine is made of besides processors and RAM: `q35`, `microvm`.
///
/// A board places its fixed devices, offers buses for more, describes all of it to the guest (ACPI) and decides what the
/// first processor boots. Control thread only.
package protocol Board: AnyObject, Sendable {
    static var type: MachineType { get }

    /// Places the fixed devices.
    init(_ construction: Construction, hasACPI: Bool, _ reader: inout PropertyReader) throws(MachineError)

    /// Plugs a device of the catalog; before the guest runs.
    func plug(_ device: DeviceConfiguration) throws(MachineError)

    /// All devices are there: tables and address assignments can be made. Once, before the first `boot`.
    func complete() throws(MachineError)

    /// Loads what the guest boots into RAM that was just reset, and sets the boot processor at it; nil: a machine
    /// without processors.
    func boot(_ processor: (any VirtualCPU)?) throws(MachineError)

    /// Everything with a life of its own, in the order of resets and pauses.
    var parts: [any MachinePart] { get }

    /// The buses with what is plugged in them, for introspection.
    var plugged: [PluggedDevice] { get }

    /// What is on PCI, for `query-pci`; nil on a board without.
    var pci: PCIBusDescription? { get }

    /// `-debugcon`: a byte port at 0xe9.
    func plugDebugConsole(_ stream: CharacterReference) throws(MachineError)

    func pressPowerButton()

    /// Parts what keeps each other alive. Once, after the last pause.
    func tearDown()
}

extension Board {
    package var pci: PCIBusDescription? { nil }
    package func tearDown() {}
}

/// What `-machine` can name, and what is known of it without making one.
package struct MachineType: Sendable, Equatable {
    package let name: String
    package let aliases: [String]
    package let summary: String
    package let maximumProcessors: Int
    /// Where devices begin below 4 GiB.
    package let lowMemoryLimit: UInt64
    /// The name of RAM that is no object of the user's; also what `-machine memory-backend=` is expected to name.
    package let ramIdentifier: String
    /// Whether it has a PIT.
    package let hasTimer: Bool
    package let schema: PropertySchema

    package func isNamed(_ name: String) -> Bool { self.name == name || aliases.contains(name) }
}

/// A device that is in a machine, as introspection sees it.
package struct PluggedDevice: Sendable {
    package let configuration: DeviceConfiguration
    /// Where it stands in the object tree: by its id, or by its number among those without.
    package let path: String
    /// The block back end it uses, by the name QMP knows.
    package let drive: String?

    package init(configuration: DeviceConfiguration, number: Int, drive: String? = nil) {
        self.configuration = configuration
        path = configuration.identifier.map { "/machine/peripheral/\($0)" } ?? "/machine/peripheral-anon/device[\(number)]"
        self.drive = drive
    }
}
