// Devices of the PC at their customary ports and interrupts.

extension AML {
    /// A serial port: `COM1` to `COM4`.
    static func serialPort(_ port: SerialPort) -> Bytecode {
        Device(Path(NameSegment("C", "O", "M", index: Int(port.number)))) {
            Name("_HID", EISAID("PNP0501"))
            Name("_UID", port.number)
            Name("_STA", present)
            Name("_CRS", ResourceTemplate {
                IO(port.base, length: 8)
                IRQNoFlags(port.interrupt)
            })
        }
    }

    /// The real-time clock.
    static var realTimeClock: Bytecode {
        Device("RTC") {
            Name("_HID", EISAID("PNP0B00"))
            Name("_CRS", ResourceTemplate {
                IO(0x70, length: 2)
                IRQNoFlags(8)
            })
        }
    }

    /// The keyboard controller and, behind its second interrupt, the mouse.
    @TermList
    static func keyboardController(hasMouse: Bool) -> Bytecode {
        Device("KBD") {
            Name("_HID", EISAID("PNP0303"))
            Name("_STA", present)
            Name("_CRS", ResourceTemplate {
                IO(0x60, length: 1)
                IO(0x64, length: 1)
                IRQNoFlags(1)
            })
        }
        if hasMouse {
            Device("MOU") {
                Name("_HID", EISAID("PNP0F13"))
                Name("_STA", present)
                Name("_CRS", ResourceTemplate { IRQNoFlags(12) })
            }
        }
    }

    /// The high precision event timer. Its interrupts are routed by its own registers, and not listed.
    static func highPrecisionTimer(_ timer: HPET) -> Bytecode {
        Device("HPET") {
            Name("_HID", EISAID("PNP0103"))
            Name("_UID", 0)
            Name("_CRS", ResourceTemplate {
                Memory32Fixed(timer.address, length: 0x400, writable: false)
            })
        }
    }

    /// `_STA` of a device that is there, enabled, shown to the user and working. ACPI 6.4 §6.3.7.
    static let present = 0x0F
}
