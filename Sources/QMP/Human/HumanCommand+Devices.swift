internal import Block
internal import Character
internal import Configuration
internal import JSON
internal import Machine
internal import PCI

// `info`: devices and back ends.
extension HumanCommand {
    static let devices: [HumanCommand] = [
        HumanCommand("block", "the disks") { context, _ in
            let plugged = context.machine.board.plugged
            return context.machine.backEnds.blocks.map { back in
                let user = plugged.first { $0.drive == back.name }
                let access = back.image.geometry.isReadOnly ? ", read-only" : ""
                let mode = (back.hasWriteCache ? "writeback" : "writethrough") + (back.cache.isDirect ? ", direct" : "")
                return "\(back.name): \(back.path ?? "null-co://") (\(back.driver)\(access))\n"
                    + (user.map { "    Attached to:      \($0.path)\n" } ?? "")
                    + "    Cache mode:       \(mode)\n"
            }.joined(separator: "\n")
        },
        HumanCommand("chardev", "the character streams") { context, _ in
            context.machine.backEnds.streams.map { "\($0.label): filename=\($0.backend.description)\n" }.joined()
        },
        HumanCommand("pci", "what is on PCI") { context, _ in
            guard let bus = context.machine.board.pci else { return "This machine has no PCI.\n" }
            return bus.devices.map { describe($0) }.joined()
        },
        HumanCommand("qtree", "the devices with their properties") { context, _ in
            let tree = ObjectNode(context.machine)
            return context.machine.board.plugged.map { device in
                let name = device.configuration.identifier ?? ""
                let properties = tree.descendant(device.path)?.properties ?? []
                return "dev: \(device.configuration.driver), id \"\(name)\"\n"
                    + properties.map { "  \($0.name) = \(String(decoding: $0.value.bytes(), as: UTF8.self))\n" }
                    .joined()
            }.joined()
        },
    ]

    private static func describe(_ device: PCIDeviceDescription) -> String {
        func hexadecimal(_ number: some BinaryInteger, _ digits: Int) -> String {
            MemoryFormat.padded(String(number, radix: 16), digits, with: "0")
        }
        let code = UInt16(truncatingIfNeeded: device.identity.classCode >> 8)
        var text =
            "  Bus \(MemoryFormat.padded(String(device.bus), 2)), device "
            + "\(MemoryFormat.padded(String(device.address.device), 3)), function \(device.address.function):\n"
        text +=
            "    \(classNames[code] ?? "Class \(hexadecimal(code, 4))"): PCI device "
            + "\(hexadecimal(device.identity.vendor, 4)):\(hexadecimal(device.identity.device, 4))\n"
        if device.identity.subsystemVendor != 0 {
            text +=
                "      PCI subsystem \(hexadecimal(device.identity.subsystemVendor, 4))"
                + ":\(hexadecimal(device.identity.subsystem, 4))\n"
        }
        if let pin = device.interruptPin {
            let letters: [Character] = ["A", "B", "C", "D"]
            let index = Int(pin.rawValue) - 1
            text += "      IRQ \(device.interruptLine), pin \(letters.indices.contains(index) ? letters[index] : "?")\n"
        }
        if let bridge = device.bridge {
            text +=
                "      BUS \(bridge.primary).\n      secondary bus \(bridge.secondary).\n"
                + "      subordinate bus \(bridge.subordinate).\n"
        }
        for region in device.regions {
            let kind =
                switch region.space {
                case .io: "I/O"
                case .memory32: "32 bit memory"
                case .memory64(let prefetchable): "64 bit \(prefetchable ? "prefetchable " : "")memory"
                }
            let place = region.address.map {
                "at 0x\(hexadecimal($0, 8)) [0x\(hexadecimal($0 &+ (region.size &- 1), 8))]"
            }
            text += "      BAR\(region.bar): \(kind) \(place ?? "not placed").\n"
        }
        text += "      id \"\(device.name)\"\n"
        return text + (device.bridge?.devices ?? []).map { describe($0) }.joined()
    }

    /// Of the classes that Apus's devices have.
    private static let classNames: [UInt16: String] = [
        0x0100: "SCSI controller", 0x0180: "Storage controller", 0x0200: "Ethernet controller",
        0x0600: "Host bridge", 0x0601: "ISA bridge", 0x0604: "PCI bridge", 0x0780: "Communication controller",
        0x00ff: "Unclassified device", 0x1000: "Encryption controller",
    ]
}
