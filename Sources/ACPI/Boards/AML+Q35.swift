// The definition block of the q35 board.
//
//     \_SB ─┬─ PCI0 ─── ISA ─┬─ RTC, KBD, MOU, COM1 …
//           ├─ HPET          └─ PMIO
//           ├─ ECAM
//           └─ CPUS ─── C000 …

extension AML {
    @TermList
    static func q35(_ board: Q35Description) -> Bytecode {
        softOff(type: board.softOffType)
        interruptModel
        Scope("\\_SB") {
            hostBridge(board)
            configurationSpace(board.configurationSpace)
            if let timer = board.timer {
                highPrecisionTimer(timer)
            }
        }
        Scope("\\_SB.PCI0") { lpcBridge(board) }
        processors(board.processors)
    }

    /// The guest says which interrupt controllers it uses. PCI interrupts are only wired to the I/O APIC, so the
    /// routing table is the same for both; what was said is kept for whoever debugs. ACPI 6.4 §5.8.1.
    @TermList
    private static var interruptModel: Bytecode {
        Name("PICM", 0)
        Method("_PIC", arguments: 1) {
            Store(Arg0, to: Path("PICM"))
        }
    }

    /// Keeps a guest from giving the configuration space to a device; Linux only uses it if a device reserves it.
    private static func configurationSpace(_ segment: MCFG.Segment) -> Bytecode {
        Device("ECAM") {
            Name("_HID", EISAID("PNP0C02"))
            Name("_UID", 1)
            Name("_CRS", ResourceTemplate {
                QWordMemory(segment.addresses, .nonCacheable, consumed: true)
            })
        }
    }

    /// The LPC bridge, with what stands on the ISA side of it.
    private static func lpcBridge(_ board: Q35Description) -> Bytecode {
        Device("ISA") {
            Name("_ADR", 0x001F_0000)
            realTimeClock
            if board.hasKeyboardController {
                keyboardController(hasMouse: board.hasMouse)
            }
            for port in board.serialPorts {
                serialPort(port)
            }
            Device("PMIO") {
                Name("_HID", EISAID("PNP0C02"))
                Name("_UID", 2)
                Name("_CRS", ResourceTemplate {
                    IO(board.powerManagementBase, length: 0x80)
                })
            }
        }
    }
}
