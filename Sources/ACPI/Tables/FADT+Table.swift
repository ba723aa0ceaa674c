extension FADT {
    /// The table, of revision 6.4: 276 bytes. It points to the DSDT and, with fixed hardware, to the FACS.
    ///
    /// Almost everything is twice in it, in the short form of ACPI 1.0 and the wide one of 2.0. Both are filled in and
    /// agree. The exception is the FACS, whose wide pointer stays blank: guests that find both set load it twice.
    package var table: Table {
        var bytes = [UInt8](repeating: 0, count: Field.length)

        func set(_ offset: Int, _ value: some FixedWidthInteger & UnsignedInteger) {
            bytes.replace(at: offset, width: value.bitWidth / 8, with: UInt64(value))
        }
        func set(_ offset: Int, _ address: GenericAddress) {
            bytes.replaceSubrange(offset..<offset + GenericAddress.length, with: address.bytes)
        }

        // Latencies above 100 and 1000 µs say that there is neither C2 nor C3.
        set(Field.c2Latency, UInt16(0xFFF))
        set(Field.c3Latency, UInt16(0xFFF))
        set(Field.century, centuryRegister)
        set(Field.bootArchitecture, bootArchitecture.rawValue)
        set(Field.flags, flags.rawValue)
        if let reset {
            set(Field.resetRegister, reset.register)
            set(Field.resetValue, reset.value)
        }
        set(Field.minorVersion, UInt8(4))
        bytes.replaceSubrange(Field.hypervisor..<Field.hypervisor + 4, with: Table.creator)

        var pointers = [
            Table.Pointer(offset: Field.dsdt, width: 4, target: "DSDT"),
            Table.Pointer(offset: Field.wideDSDT, width: 8, target: "DSDT"),
        ]
        switch hardware {
        case .fixed(let fixed):
            pointers.append(Table.Pointer(offset: Field.facs, width: 4, target: "FACS"))
            set(Field.sci, fixed.sci)
            // Status and enable are two registers in one block, of events and of general-purpose events alike.
            let event = GenericAddress(.systemIO, UInt64(fixed.pm1Event), width: 4, isBlock: true)
            let gpe0 = GenericAddress(.systemIO, UInt64(fixed.gpe0), width: fixed.gpe0Length, isBlock: true)
            let registers: [(address: GenericAddress, narrow: Int, length: Int, wide: Int)] = [
                (event, Field.pm1aEvent, Field.pm1EventLength, Field.widePM1aEvent),
                (.port(fixed.pm1Control, width: 2), Field.pm1aControl, Field.pm1ControlLength, Field.widePM1aControl),
                (.port(fixed.timer, width: 4), Field.timer, Field.timerLength, Field.wideTimer),
                (gpe0, Field.gpe0, Field.gpe0Length, Field.wideGPE0),
            ]
            for register in registers {
                set(register.narrow, UInt32(truncatingIfNeeded: register.address.address))
                set(register.length, register.address.width)
                set(register.wide, register.address)
            }
        case .reduced(let reduced):
            set(Field.sleepControl, reduced.sleepControl)
            set(Field.sleepStatus, reduced.sleepStatus)
        }
        return Table("FACP", revision: 6, body: Array(bytes.dropFirst(Table.headerLength)), pointers: pointers)
    }

    /// Offsets from the start of the table. ACPI 6.4 §5.2.9, table 5.9.
    private enum Field {
        static let facs = 36
        static let dsdt = 40
        static let sci = 46
        static let pm1aEvent = 56
        static let pm1aControl = 64
        static let timer = 76
        static let gpe0 = 80
        static let pm1EventLength = 88
        static let pm1ControlLength = 89
        static let timerLength = 91
        static let gpe0Length = 92
        static let c2Latency = 96
        static let c3Latency = 98
        static let century = 108
        static let bootArchitecture = 109
        static let flags = 112
        static let resetRegister = 116
        static let resetValue = 128
        static let minorVersion = 131
        static let wideDSDT = 140
        static let widePM1aEvent = 148
        static let widePM1aControl = 172
        static let wideTimer = 208
        static let wideGPE0 = 220
        static let sleepControl = 244
        static let sleepStatus = 256
        static let hypervisor = 268
        static let length = 276
    }
}
