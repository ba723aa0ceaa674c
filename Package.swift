// swift-tools-version: 6.2
import PackageDescription

// Apus: the module graph. A module may import only what its line here names;
// `make` builds with `--explicit-target-dependency-import-check error`, so the
// graph below is a check, not a picture.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// One Swift module under `Sources/`.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one module, or of several, under `Tests/`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "apus",
    products: [.executable(name: "apus", targets: ["apus"])],
    targets: [
        // 0: what stands on nothing
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CAIO"),
        .systemLibrary(name: "CJansson"),
        module("Log"),
        module("JSON", ["CJansson"]),
        module("Configuration"),
        // 1: the operating system
        module("Host", ["CLinux", "CAIO", "Log"]),
        // 2: guest memory
        module("Memory", ["CLinux", "Host"]),
        // 3: buses and back ends
        module("Bus", ["Host", "Memory", "Log"]),
        module("Block", ["CLinux", "Host", "Memory", "Log"]),
        module("Character", ["CLinux", "Host", "Log"]),
        module("ACPI"),
        module("CommandLine", ["Configuration", "JSON"]),
        // 4: the machine's parts
        module("Hypervisor", ["Host", "Memory", "Bus"]),
        module("PCI", ["Host", "Memory", "Bus", "Hypervisor", "Log"]),
        module("Devices", ["CLinux", "Host", "Memory", "Bus", "Character", "Log"]),
        module("Firmware", ["CLinux", "Host", "Memory", "Hypervisor"]),
        // 5: accelerators and virtio
        module("KVM", ["CLinux", "Host", "Memory", "Bus", "Hypervisor", "Log"]),
        module("QTest", ["CLinux", "Host", "Memory", "Bus", "Hypervisor", "Log"]),
        module("Virtio", ["CLinux", "Host", "Memory", "Bus", "Block", "Hypervisor", "PCI", "Log"]),
        // 6: boards
        module("Machine", [
            "CLinux", "Host", "Memory", "Bus", "Block", "Character", "ACPI", "Configuration", "Hypervisor", "PCI",
            "Devices", "Firmware", "KVM", "QTest", "Virtio", "Log",
        ]),
        // 8: the monitor
        module("QMP", [
            "JSON", "Host", "Memory", "Bus", "Block", "Character", "Configuration", "CommandLine", "Hypervisor", "PCI",
            "Virtio", "Machine", "Log",
        ]),
        // 9: the executable
        .executableTarget(
            name: "apus",
            dependencies: ["CLinux", "Log", "Host", "Configuration", "CommandLine", "Machine", "QMP"],
            swiftSettings: settings),

        // Tests
        .target(
            name: "Support",
            dependencies: [
                "CLinux", "Log", "Host", "Memory", "Bus", "Hypervisor", "PCI", "JSON", "CommandLine", "QTest", "Machine", "QMP",
            ],
            path: "Tests/Support", swiftSettings: settings),
        tests("HostTests", ["Host", "CLinux", "Support"]),
        tests("MemoryTests", ["Memory", "Host", "Support"]),
        tests("BusTests", ["Bus", "Host", "Memory", "Support"]),
        tests("JSONTests", ["JSON"]),
        tests("BlockTests", ["Block", "Host", "Memory", "Support"]),
        tests("CharacterTests", ["CLinux", "Character", "Host", "Log", "Support"]),
        tests("ACPITests", ["ACPI"]),
        tests("ConfigurationTests", ["Configuration"]),
        tests("CommandLineTests", ["CommandLine", "Configuration"]),
        tests("PCITests", ["PCI", "Bus", "Host", "Memory", "Hypervisor", "Support"]),
        tests("DevicesTests", ["Devices", "Bus", "Character", "Host", "Log", "Memory", "Support"]),
        tests("FirmwareTests", ["Firmware", "Host", "Memory", "Hypervisor", "Support"]),
        tests("KVMTests", ["KVM", "CLinux", "Log", "Bus", "Hypervisor", "Host", "Memory", "Support"]),
        tests("QTestTests", ["QTest", "Bus", "Hypervisor", "Host", "Memory", "Support"]),
        tests("VirtioTests", ["Virtio", "PCI", "Block", "Bus", "Hypervisor", "Host", "Memory", "Support"]),
        tests("MachineTests", [
            "Machine", "Configuration", "CLinux", "Bus", "Hypervisor", "QTest", "Host", "Support",
        ]),
        tests("QMPTests", ["QMP", "JSON", "Host", "Machine", "Memory", "Support"]),
        tests("ProgramTests", ["apus", "CLinux", "Host", "JSON", "Support"]),
    ]
)
