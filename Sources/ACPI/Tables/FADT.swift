/// The fixed description: power management registers, how to reset, and what of the old PC there is.
///
/// A machine has its power management either in the fixed hardware of the specification's chapter 4, as PCs do, or in
/// what its DSDT describes (*hardware-reduced* ACPI), with only the sleep registers in this table.
///
/// There is never an SMI command port: nothing switches between legacy and ACPI mode, and the machine is always in ACPI
/// mode. ACPI 6.4 §5.2.9.
package struct FADT: Sendable {
    package enum Hardware: Sendable {
        case fixed(FixedHardware)
        case reduced(ReducedHardware)
    }

    /// Fixed power management in port space. ACPI 6.4 §4.8.3.
    package struct FixedHardware: Sendable {
        /// The interrupt of all power management events, as an ISA line.
        package var sci: UInt16
        /// PM1a status and enable: 4 bytes.
        package var pm1Event: UInt16
        /// PM1a control: 2 bytes.
        package var pm1Control: UInt16
        /// The power management timer: 4 bytes, of which it counts in 24 bits.
        package var timer: UInt16
        /// General-purpose events: the first half status, the second enable.
        package var gpe0: UInt16
        package var gpe0Length: UInt8

        package init(
            sci: UInt16, pm1Event: UInt16, pm1Control: UInt16, timer: UInt16, gpe0: UInt16, gpe0Length: UInt8
        ) {
            self.sci = sci
            self.pm1Event = pm1Event
            self.pm1Control = pm1Control
            self.timer = timer
            self.gpe0 = gpe0
            self.gpe0Length = gpe0Length
        }
    }

    /// The two registers that hardware-reduced ACPI sleeps by, of one byte each. ACPI 6.4 §4.8.3.7.
    package struct ReducedHardware: Sendable {
        package var sleepControl: GenericAddress
        package var sleepStatus: GenericAddress

        package init(sleepControl: GenericAddress, sleepStatus: GenericAddress) {
            self.sleepControl = sleepControl
            self.sleepStatus = sleepStatus
        }
    }

    /// A register of one byte, and the value that resets the machine. ACPI 6.4 §4.8.3.6.
    package struct Reset: Sendable, Equatable {
        package var register: GenericAddress
        package var value: UInt8

        package init(register: GenericAddress, value: UInt8) {
            self.register = register
            self.value = value
        }
    }

    /// What the machine has of the PC, beyond what its DSDT says. ACPI 6.4 §5.2.9.3.
    package struct BootArchitecture: OptionSet, Sendable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// Devices on an LPC or ISA bus that a user sees, such as serial ports.
        package static let legacyDevices = BootArchitecture(rawValue: 1 << 0)
        package static let i8042 = BootArchitecture(rawValue: 1 << 1)
        package static let noVGA = BootArchitecture(rawValue: 1 << 2)
        package static let noRTC = BootArchitecture(rawValue: 1 << 5)
    }

    package var hardware: Hardware
    package var bootArchitecture: BootArchitecture
    package var reset: Reset?
    /// The CMOS register that counts centuries; 0 if there is none.
    package var centuryRegister: UInt8

    package init(
        hardware: Hardware, bootArchitecture: BootArchitecture, reset: Reset?, centuryRegister: UInt8 = 0
    ) {
        self.hardware = hardware
        self.bootArchitecture = bootArchitecture
        self.reset = reset
        self.centuryRegister = centuryRegister
    }
}

extension FADT {
    /// ACPI 6.4 §5.2.9, table 5.9.
    struct Flags: OptionSet {
        let rawValue: UInt32

        /// `WBINVD` works, and keeps caches coherent. An ACPI processor must have it.
        static let wbinvd = Flags(rawValue: 1 << 0)
        /// Every processor can halt.
        static let c1 = Flags(rawValue: 1 << 2)
        /// The power button is a device of the DSDT, or absent; clear, it is a fixed feature.
        static let powerButtonIsDevice = Flags(rawValue: 1 << 4)
        /// The same of the sleep button.
        static let sleepButtonIsDevice = Flags(rawValue: 1 << 5)
        /// The RTC's alarm has no bit among the fixed events.
        static let rtcAlarmIsNotFixed = Flags(rawValue: 1 << 6)
        static let resetRegister = Flags(rawValue: 1 << 10)
        static let hardwareReduced = Flags(rawValue: 1 << 20)
    }

    var flags: Flags {
        var flags: Flags = [.wbinvd, .c1, .sleepButtonIsDevice, .rtcAlarmIsNotFixed]
        if reset != nil {
            flags.insert(.resetRegister)
        }
        if case .reduced = hardware {
            flags.formUnion([.hardwareReduced, .powerButtonIsDevice])
        }
        return flags
    }
}
