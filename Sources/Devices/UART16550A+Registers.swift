extension UART16550A {
    /// The registers as the guest programs them, without the data (PC16550D §8).
    struct Registers: Sendable {
        /// IER.
        struct InterruptEnable: OptionSet {
            let rawValue: UInt8
            static let dataReady = InterruptEnable(rawValue: 0x01)
            static let transmitterEmpty = InterruptEnable(rawValue: 0x02)
            static let lineStatus = InterruptEnable(rawValue: 0x04)
            static let modemStatus = InterruptEnable(rawValue: 0x08)
        }

        /// LSR.
        struct LineStatus: OptionSet {
            let rawValue: UInt8
            static let dataReady = LineStatus(rawValue: 0x01)
            static let overrun = LineStatus(rawValue: 0x02)
            static let lineBreak = LineStatus(rawValue: 0x10)
            static let transmitterHoldingEmpty = LineStatus(rawValue: 0x20)
            static let transmitterEmpty = LineStatus(rawValue: 0x40)
        }

        /// MCR.
        struct ModemControl: OptionSet {
            let rawValue: UInt8
            static let dataTerminalReady = ModemControl(rawValue: 0x01)
            static let requestToSend = ModemControl(rawValue: 0x02)
            static let out1 = ModemControl(rawValue: 0x04)
            static let out2 = ModemControl(rawValue: 0x08)
            static let loopback = ModemControl(rawValue: 0x10)
        }

        /// What the IIR shows, highest priority first.
        enum InterruptSource: UInt8 {
            case lineStatus = 0x06
            case dataReady = 0x04
            case timeout = 0x0c
            case transmitterEmpty = 0x02
            case modemStatus = 0x00
        }

        static let noInterrupt: UInt8 = 0x01
        /// The oscillator, divided by 16 and the divisor, gives the baud rate.
        private static let oscillator: UInt64 = 1_843_200

        var interruptEnable: InterruptEnable = []
        var lineControl: UInt8 = 0
        private(set) var modemControl: ModemControl = []
        var scratch: UInt8 = 0
        /// 9600 baud.
        private(set) var divisor: UInt16 = 12
        private var fifoControl: UInt8 = 0

        var isTransmitterInterruptPending = false
        var isTimeoutPending = false
        var hasOverrun = false
        /// The low half of the MSR: which inputs changed since it was read.
        var modemDelta: UInt8 = 0

        // MARK: Line

        /// DLAB: offsets 0 and 1 are the divisor.
        var isDivisorSelected: Bool { lineControl & 0x80 != 0 }

        mutating func setDivisor(low: UInt8) { divisor = divisor & 0xff00 | UInt16(low) }
        mutating func setDivisor(high: UInt8) { divisor = divisor & 0x00ff | UInt16(high) << 8 }

        /// Nanoseconds for one character on the line: start, data, parity and stop bits.
        var characterTime: UInt64 {
            let data = 5 + UInt64(lineControl & 0x03)
            let parity: UInt64 = lineControl & 0x08 != 0 ? 1 : 0
            let stop: UInt64 = lineControl & 0x04 != 0 ? 2 : 1
            let bits = 1 + data + parity + stop
            return bits * 16 * UInt64(max(1, divisor)) * 1_000_000_000 / Registers.oscillator
        }

        // MARK: FIFO

        var isFIFOEnabled: Bool { fifoControl & 0x01 != 0 }

        mutating func setFIFOControl(_ value: UInt8) {
            // The clear bits clear themselves; without the FIFO the others do not hold.
            fifoControl = value & 0x01 != 0 ? value & 0xc9 : 0
        }

        /// How many characters the receiver holds.
        var receiveLimit: Int { isFIFOEnabled ? ReceiveFIFO.capacity : 1 }

        /// At how many characters it asks for attention.
        var triggerLevel: Int {
            guard isFIFOEnabled else { return 1 }
            return switch fifoControl >> 6 {
            case 0: 1
            case 1: 4
            case 2: 8
            default: 14
            }
        }

        // MARK: Modem

        /// On a PC, OUT2 connects the chip's interrupt to the bus; loopback cuts the outputs off.
        var isInterruptGateOpen: Bool { modemControl.contains(.out2) && !modemControl.contains(.loopback) }

        /// MSR: the line is up (carrier, data set ready, clear to send), or in loopback our own outputs.
        var modemStatus: UInt8 { modemInputs | modemDelta }

        private var modemInputs: UInt8 {
            guard modemControl.contains(.loopback) else { return 0xb0 }
            var inputs: UInt8 = 0
            if modemControl.contains(.requestToSend) { inputs |= 0x10 }
            if modemControl.contains(.dataTerminalReady) { inputs |= 0x20 }
            if modemControl.contains(.out1) { inputs |= 0x40 }
            if modemControl.contains(.out2) { inputs |= 0x80 }
            return inputs
        }

        mutating func setModemControl(_ value: UInt8) {
            let before = modemInputs
            modemControl = ModemControl(rawValue: value & 0x1f)
            let after = modemInputs
            let changed = (before ^ after) >> 4
            // The ring indicator reports only its trailing edge.
            let ringEnded: UInt8 = before & 0x40 != 0 && after & 0x40 == 0 ? 0x04 : 0
            modemDelta |= changed & 0x0b | ringEnded
        }
    }
}
