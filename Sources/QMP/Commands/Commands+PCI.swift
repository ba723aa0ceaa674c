internal import JSON
internal import Machine
internal import PCI

// PCI.
extension Commands {
    static let pci: [Command] = [
        Command("query-pci", returns: [PCIInformation].self) { context in
            context.machine.board.pci.map { [PCIInformation($0)] } ?? []
        }
    ]
}

/// A root bus with everything on it.
struct PCIInformation: ReplyObject {
    static let typeName = "PciInfo"
    let bus: Int
    let devices: [PCIDeviceInformation]

    init(_ bus: PCIBusDescription) {
        self.bus = Int(bus.number)
        devices = bus.devices.map(PCIDeviceInformation.init)
    }

    static let members: [ReplyMember<PCIInformation>] = [.init("bus", \.bus), .init("devices", \.devices)]
}

struct PCIDeviceInformation: ReplyObject {
    static let typeName = "PciDeviceInfo"

    struct Class: ReplyObject {
        static let typeName = "PciDeviceClass"
        let code: Int
        static let members: [ReplyMember<Class>] = [.init("class", \.code)]
    }

    struct Identity: ReplyObject {
        static let typeName = "PciDeviceId"
        let device: Int
        let vendor: Int
        let subsystem: Int?
        let subsystemVendor: Int?
        static let members: [ReplyMember<Identity>] = [
            .init("device", \.device), .init("vendor", \.vendor), .init("subsystem", \.subsystem),
            .init("subsystem-vendor", \.subsystemVendor),
        ]
    }

    enum RegionType: String, ReplyEnumeration {
        static let typeName = "PciMemoryRegionType"
        case io, memory
    }

    struct Region: ReplyObject {
        static let typeName = "PciMemoryRegion"
        let bar: Int
        let type: RegionType
        let address: Int
        let size: UInt64
        let isPrefetchable: Bool?
        let is64Bit: Bool?

        init(_ region: PCIDeviceDescription.Region) {
            bar = region.bar
            type = region.space == .io ? .io : .memory
            // QEMU says -1 for a BAR that is nowhere.
            address = region.address.map { Int(truncatingIfNeeded: $0) } ?? -1
            size = region.size
            isPrefetchable = region.space == .io ? nil : region.space == .memory64(prefetchable: true)
            is64Bit = region.space == .io ? nil : region.space != .memory32
        }

        static let members: [ReplyMember<Region>] = [
            .init("bar", \.bar), .init("type", \.type), .init("address", \.address), .init("size", \.size),
            .init("prefetch", \.isPrefetchable), .init("mem_type_64", \.is64Bit),
        ]
    }

    let bus: Int
    let slot: Int
    let function: Int
    let classInformation: Class
    let identity: Identity
    let interruptLine: Int?
    let interruptPin: Int
    let name: String
    let regions: [Region]
    let bridge: PCIBridgeInformation?

    init(_ device: PCIDeviceDescription) {
        bus = Int(device.bus)
        slot = Int(device.address.device)
        function = Int(device.address.function)
        classInformation = Class(code: Int(device.identity.classCode >> 8))
        let hasSubsystem = device.identity.subsystemVendor != 0
        identity = Identity(
            device: Int(device.identity.device), vendor: Int(device.identity.vendor),
            subsystem: hasSubsystem ? Int(device.identity.subsystem) : nil,
            subsystemVendor: hasSubsystem ? Int(device.identity.subsystemVendor) : nil)
        interruptLine = device.interruptPin == nil ? nil : Int(device.interruptLine)
        interruptPin = Int(device.interruptPin?.rawValue ?? 0)
        name = device.name
        regions = device.regions.map(Region.init)
        bridge = device.bridge.map(PCIBridgeInformation.init)
    }

    static let members: [ReplyMember<PCIDeviceInformation>] = [
        .init("bus", \.bus), .init("slot", \.slot), .init("function", \.function),
        .init("class_info", \.classInformation), .init("id", \.identity), .init("irq", \.interruptLine),
        .init("irq_pin", \.interruptPin), .init("qdev_id", \.name), .init("pci_bridge", \.bridge),
        .init("regions", \.regions),
    ]
}

/// A bridge's side of it.
struct PCIBridgeInformation: ReplyObject {
    static let typeName = "PciBridgeInfo"

    struct Range: ReplyObject {
        static let typeName = "PciMemoryRange"
        let base: UInt64
        let limit: UInt64

        init(_ window: PCIDeviceDescription.Bridge.Window) {
            base = window.base
            limit = window.limit
        }

        static let members: [ReplyMember<Range>] = [.init("base", \.base), .init("limit", \.limit)]
    }

    struct Bus: ReplyObject {
        static let typeName = "PciBusInfo"
        let number: Int
        let secondary: Int
        let subordinate: Int
        let io: Range
        let memory: Range
        let prefetchable: Range
        static let members: [ReplyMember<Bus>] = [
            .init("number", \.number), .init("secondary", \.secondary), .init("subordinate", \.subordinate),
            .init("io_range", \.io), .init("memory_range", \.memory), .init("prefetchable_range", \.prefetchable),
        ]
    }

    let bus: Bus
    /// `PciDeviceInfo` again. Written as values: a type whose schema contains itself cannot be declared by its members.
    let devices: [JSON]

    init(_ bridge: PCIDeviceDescription.Bridge) {
        bus = Bus(
            number: Int(bridge.primary), secondary: Int(bridge.secondary), subordinate: Int(bridge.subordinate),
            io: Range(bridge.io), memory: Range(bridge.memory), prefetchable: Range(bridge.prefetchable))
        devices = bridge.devices.map { PCIDeviceInformation($0).json }
    }

    static let members: [ReplyMember<PCIBridgeInformation>] = [.init("bus", \.bus), .init("devices", \.devices)]
}
