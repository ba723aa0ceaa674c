// The definition block of the microVM board.
//
//     \_SB ─┬─ GED, PWRB
//           ├─ V000 … (virtio-mmio)
//           ├─ COM1 …, RTC, KBD
//           └─ CPUS ─── C000 …

extension AML {
    /// One name in four is a letter, which leaves three hexadecimal digits.
    static let virtioLimit = 4096

    @TermList
    static func microVM(_ board: MicroVMDescription) -> Bytecode {
        softOff(type: board.softOffType)
        Scope("\\_SB") {
            powerButton
            eventDevice(board.eventDevice)
            for port in board.serialPorts {
                serialPort(port)
            }
            if board.hasRealTimeClock {
                realTimeClock
            }
            if board.hasKeyboardController {
                keyboardController(hasMouse: false)
            }
            for (index, device) in board.virtioDevices.enumerated() {
                virtioDevice(device, index, board.virtioTrigger)
            }
        }
        processors(board.processors)
    }

    /// A power button that is a device. ACPI 6.4 §4.8.2.2.1.2.
    private static var powerButton: Bytecode {
        Device("PWRB") {
            Name("_HID", EISAID("PNP0C0C"))
            Name("_UID", 0)
        }
    }

    /// Asks the event register what happened and tells the devices concerned. ACPI 6.4 §5.6.9.
    private static func eventDevice(_ device: MicroVMDescription.EventDevice) -> Bytecode {
        Device("GED") {
            Name("_HID", "ACPI0013")
            Name("_UID", 0)
            Name("_CRS", ResourceTemplate {
                Interrupt(device.gsi, .edge)
            })
            OperationRegion("EREG", .systemMemory, device.selector, length: 4)
            Field("EREG", .doubleWord, update: .writeAsZeros, [.field("ESEL", 32)])
            Method("_EVT", arguments: 1, serialized: true) {
                // One read, since reading clears: all that is to be known is in this copy.
                Store(Path("ESEL"), to: Local0)
                If(And(Local0, device.powerButton)) {
                    Notify(Path("\\_SB.PWRB"), 0x80)
                }
            }
        }
    }

    private static func virtioDevice(
        _ device: MicroVMDescription.VirtioDevice, _ index: Int, _ trigger: Trigger
    ) -> Bytecode {
        Device(Path(NameSegment("V", index: index))) {
            Name("_HID", "LNRO0005")
            Name("_UID", index)
            // Its accesses to memory are coherent with the processors' caches.
            Name("_CCA", 1)
            Name("_CRS", ResourceTemplate {
                Memory32Fixed(device.base, length: device.length)
                Interrupt(device.gsi, trigger)
            })
        }
    }
}
