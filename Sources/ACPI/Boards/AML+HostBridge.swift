// The root of PCI Express: its windows, its interrupts, and who drives its services.

extension AML {
    static func hostBridge(_ board: Q35Description) -> Bytecode {
        let segment = board.configurationSpace
        return Device("PCI0") {
            Name("_HID", EISAID("PNP0A08"))
            Name("_CID", EISAID("PNP0A03"))
            Name("_UID", 0)
            Name("_SEG", segment.number)
            Name("_BBN", segment.buses.lowerBound)
            Name("_CRS", windows(board))
            Name("_PRT", interruptRoutes(board))
            nativeControl(board.nativeControl)
        }
    }

    /// What the bridge passes on: everything in port space but its own configuration ports, and the memory windows.
    ///
    /// The legacy hole at 0xA0000 is not among them, since there is no VGA. The high window is "cacheable" though it is
    /// not memory: were it called prefetchable, a guest would place no other 64-bit registers there.
    private static func windows(_ board: Q35Description) -> Bytecode {
        let buses = board.configurationSpace.buses
        return ResourceTemplate {
            WordBusNumber(UInt16(buses.lowerBound)...UInt16(buses.upperBound))
            IO(0xCF8, length: 8)
            WordIO(0x0000...0x0CF7)
            WordIO(0x0D00...0xFFFF)
            for window in board.windows {
                DWordMemory(window, .nonCacheable)
            }
            if let window = board.highWindow {
                QWordMemory(window, .cacheable)
            }
        }
    }

    /// Where each pin of each slot interrupts. No link device stands between: the wiring is fixed, so the third field
    /// is zero and the fourth a global interrupt, level-triggered and active low as PCI has it. ACPI 6.4 §6.2.13.
    private static func interruptRoutes(_ board: Q35Description) -> Bytecode {
        var routes: [Bytecode] = []
        for slot in UInt32(0)..<32 {
            for pin in Q35Description.Pin.allCases {
                routes.append(Package(slot << 16 | 0xFFFF, pin.rawValue, 0, board.interruptRoute(slot, pin)))
            }
        }
        return Package(routes)
    }

    /// `_OSC`: the guest asks for the services it wants to drive, and is told which of them it may.
    ///
    /// The capabilities are an array of 32-bit words in `Arg3`: status, support, control. A query and a request get the
    /// same answer, as nothing here changes hands. Status bits: 1, failure; 2, unknown UUID; 3, unknown revision; 4,
    /// some of what was asked for is not granted. ACPI 6.4 §6.2.11 and PCI Firmware Specification 3.3 §4.5.1.
    private static func nativeControl(_ granted: Q35Description.NativeControl) -> Bytecode {
        let status = Path("STAT")
        let control = Path("CTRL")
        return Method("_OSC", arguments: 4, serialized: true) {
            CreateDWordField(Arg3, at: 0, "STAT")
            If(LNotEqual(Arg0, ToUUID("33DB4D5B-1FF7-401C-9657-7441C03DD766"))) {
                Or(status, 1 << 2, to: status)
                Return(Arg3)
            }
            // The guest says how many words it passed. Without the third there is no answer to give.
            If(LLess(Arg2, 3)) {
                Or(status, 1 << 1, to: status)
                Return(Arg3)
            }
            CreateDWordField(Arg3, at: 8, "CTRL")
            If(LNotEqual(Arg1, 1)) {
                Or(status, 1 << 3, to: status)
            }
            And(control, granted.rawValue, to: Local0)
            If(LNotEqual(Local0, control)) {
                Or(status, 1 << 4, to: status)
                Store(Local0, to: control)
            }
            Return(Arg3)
        }
    }
}
