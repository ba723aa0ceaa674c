/// A whole machine as its user asked for it.
///
/// Order is kept where it means something: accelerators are tried in order, devices are plugged in order, serial ports
/// are numbered in order. References between parts (a device's drive, a serial port's chardev) are names, resolved when
/// the machine is built, so options may come in any order.
package struct MachineConfiguration: Sendable, Equatable {
    /// `-machine`'s type as written (`q35`, `pc-q35-7.2`, `microvm`, `none`); `nil` asks for the default board.
    package var machineType: String?
    /// What else `-machine` said, for the board's own schema; `accel=` has been taken out into `accelerators`.
    package var machineProperties = Properties()
    /// In order of preference; empty asks for the default.
    package var accelerators: [AcceleratorConfiguration] = []
    package var processor: ProcessorConfiguration?
    package var topology = TopologyConfiguration()
    package var memory = MemoryConfiguration()

    package var firmware: FirmwareConfiguration = FirmwareConfiguration()
    package var boot = BootConfiguration()
    package var clock = ClockConfiguration()
    package var firmwareEntries: [FirmwareEntryConfiguration] = []
    package var smbios: [SMBIOSConfiguration] = []

    package var name: String?
    /// `-name process=`: what `ps` shows.
    package var processName: String?
    /// Whether threads carry names that tell them apart (`-name debug-threads=on`).
    package var namesThreads = false
    package var uuid: UUIDConfiguration?

    package var objects: [ObjectConfiguration] = []
    package var devices: [DeviceConfiguration] = []
    package var globals: [GlobalConfiguration] = []
    package var drives: [DriveConfiguration] = []
    package var blockNodes: [BlockNodeConfiguration] = []
    package var networkBackends: [NetworkBackendConfiguration] = []

    package var characters: [CharacterConfiguration] = []
    /// One per serial port, in order; `.none` leaves the port of that place out.
    package var serialPorts: [CharacterReference] = []
    package var monitors: [MonitorConfiguration] = []
    package var debugConsole: CharacterReference?

    package var lifecycle = LifecycleConfiguration()
    package var process = ProcessConfiguration()
    package var test: TestConfiguration?

    package init() {}

    /// What `-global` says about devices of `driver`, the last of equal ones winning; to `fill` their properties with.
    package func globals(of driver: String) -> Properties {
        var properties = Properties()
        for global in globals where global.driver == driver { properties[global.property] = .string(global.value) }
        return properties
    }
}

/// One accelerator to try: `kvm`, `qtest`.
package struct AcceleratorConfiguration: Sendable, Equatable {
    package var name: String
    package var properties: Properties

    package init(name: String, properties: Properties = Properties()) {
        self.name = name
        self.properties = properties
    }
}

/// `-cpu MODEL,feature=value,+feature,-feature`.
package struct ProcessorConfiguration: Sendable, Equatable {
    package var model: String
    /// In the order given; `+x` reads as `x=on`, `-x` as `x=off`.
    package var features: Properties

    package init(model: String, features: Properties = Properties()) {
        self.model = model
        self.features = features
    }
}

/// `-qtest`, `-qtest-log`: how a test drives the machine.
package struct TestConfiguration: Sendable, Equatable {
    /// `-qtest`: where the test listens (or Apus does, with `server`).
    package var channel: CharacterReference?
    /// `-qtest-log`: where the protocol is logged; `nil` or `/dev/null` for nowhere.
    package var log: String?

    package init(channel: CharacterReference? = nil, log: String? = nil) {
        self.channel = channel
        self.log = log
    }
}
