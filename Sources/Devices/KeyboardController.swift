package import Bus
internal import Memory
internal import Synchronization

/// The keyboard controller: an i8042 at ports 0x60 and 0x64 with a keyboard behind it and no mouse port.
///
/// Guests use it as the PC's oldest reset button (command 0xFE), and look for a keyboard: every question is answered
/// at once, so that a driver's probe ends in microseconds. That there is no mouse is answered too, since silence
/// would cost a driver half a second: the loop test comes back without the mouse's mark, the port test reports a dead
/// line, and a byte for the mouse returns as its timeout.
///
/// ```
///   0x60 ─ data ────► keyboard ──answers──► queue ──► output buffer ──► 0x60, IRQ 1
///   0x64 ─ command ─► controller ─answers──────────────┘
/// ```
///
/// Offset 0 is the data port (0x60), offset 4 the command and status port (0x64).
package final class KeyboardController: ByteRegisters, MachinePart {
    package static let dataPort: UInt16 = 0x60
    package static let commandPort: UInt16 = 0x64

    /// Bits of the status register.
    private struct Status: OptionSet {
        let rawValue: UInt8
        static let outputFull = Status(rawValue: 0x01)
        static let selfTested = Status(rawValue: 0x04)
        static let lastWasCommand = Status(rawValue: 0x08)
        /// No key locks the keyboard.
        static let unlocked = Status(rawValue: 0x10)
        /// The byte in the buffer is the mouse's.
        static let fromMouse = Status(rawValue: 0x20)
        /// The device did not answer in time.
        static let timeout = Status(rawValue: 0x40)
    }

    /// Bits of the command byte, controller RAM byte 0.
    private struct CommandByte: OptionSet {
        let rawValue: UInt8
        static let keyboardInterrupt = CommandByte(rawValue: 0x01)
        static let selfTested = CommandByte(rawValue: 0x04)
        static let keyboardDisabled = CommandByte(rawValue: 0x10)
        static let mouseDisabled = CommandByte(rawValue: 0x20)
        static let translated = CommandByte(rawValue: 0x40)
    }

    /// A byte for the guest, and what the status register says of it.
    private struct Output {
        var byte: UInt8
        var marks: Status = []
    }

    private struct State {
        /// What a BIOS leaves: keyboard on, with interrupt and translation to scan code set 1.
        var commandByte: CommandByte = [.keyboardInterrupt, .selfTested, .mouseDisabled, .translated]
        var ram = [UInt8](repeating: 0, count: 32)
        var lastWasCommand = false
        /// A controller command that waits for its byte at the data port.
        var pendingCommand: UInt8?
        /// What the next read of 0x60 gives, if the buffer is full.
        var output: Output?
        /// What 0x60 gave last: reading an empty buffer repeats it.
        var lastOutput: UInt8 = 0
        /// Answers of the controller itself, ahead of the keyboard's.
        var answers: [Output] = []
        /// Reads back, and gates nothing: address line 20 is always on.
        var isA20Open = true
        var keyboard = Keyboard()
        var lineLevel = false
    }

    private let interrupt: InterruptLine
    private let power: any PowerControl
    private let state = Mutex(State())

    package init(interrupt: InterruptLine, power: any PowerControl) {
        self.interrupt = interrupt
        self.power = power
    }

    package func reset() {
        state.withLock { state in
            let level = state.lineLevel
            state = State()
            state.lineLevel = level
            setLine(false, &state)
        }
    }

    /// Maps both ports.
    package func map(into ports: AddressSpace) {
        ports.map(.init(ports: Self.dataPort...Self.dataPort), name: "i8042-data", to: self)
        let command = RegisterWindow(self, from: 4)
        ports.map(.init(ports: Self.commandPort...Self.commandPort), name: "i8042-command", to: command)
    }

    /// A key as the keyboard sends it, in scan code set 2; the controller translates if the guest wants that. Lost if
    /// the keyboard's buffer of 15 bytes is full, as keys are.
    package func sendKey(_ scanCodes: [UInt8]) {
        state.withLock { state in
            state.keyboard.press(scanCodes)
            refill(&state)
        }
    }

    // MARK: Ports

    package func readByte(_ offset: UInt64) -> UInt8 {
        state.withLock { state in
            switch offset {
            case 0: readData(&state)
            case 4: status(state)
            default: 0xff
            }
        }
    }

    package func writeByte(_ value: UInt8, _ offset: UInt64) {
        let resets: Bool = state.withLock { state in
            defer { refill(&state) }
            switch offset {
            case 0: return writeData(value, &state)
            case 4: return writeCommand(value, &state)
            default: return false
            }
        }
        if resets { power.request(.reset) }
    }

    private func status(_ state: borrowing State) -> UInt8 {
        var status: Status = .unlocked
        if let output = state.output { status.formUnion(output.marks.union(.outputFull)) }
        if state.commandByte.contains(.selfTested) { status.insert(.selfTested) }
        if state.lastWasCommand { status.insert(.lastWasCommand) }
        return status.rawValue
    }

    private func readData(_ state: inout State) -> UInt8 {
        guard let output = state.output else { return state.lastOutput }
        state.output = nil
        state.lastOutput = output.byte
        // Down before the next byte brings it up again: the interrupt controller sees one edge per byte.
        setLine(false, &state)
        refill(&state)
        return output.byte
    }

    /// Fills the output buffer, if it is empty, with the next byte there is.
    private func refill(_ state: inout State) {
        if state.output == nil {
            if !state.answers.isEmpty {
                state.output = state.answers.removeFirst()
            } else if !state.commandByte.contains(.keyboardDisabled) {
                let isTranslated = state.commandByte.contains(.translated)
                state.output = state.keyboard.next(isTranslated: isTranslated).map { Output(byte: $0) }
            }
        }
        // The mouse's interrupt is not wired: all that is ever there of it is an error that the asker polls for.
        let isKeyboards = state.output.map { !$0.marks.contains(.fromMouse) } ?? false
        setLine(isKeyboards && state.commandByte.contains(.keyboardInterrupt), &state)
    }

    private func setLine(_ level: Bool, _ state: inout State) {
        guard level != state.lineLevel else { return }
        state.lineLevel = level
        interrupt.set(level)
    }

    // MARK: Commands

    /// Returns whether the machine is to be reset.
    private func writeCommand(_ command: UInt8, _ state: inout State) -> Bool {
        state.lastWasCommand = true
        state.pendingCommand = nil
        switch command {
        case 0x20: answer(state.commandByte.rawValue, &state)
        case 0x21...0x3f: answer(state.ram[Int(command & 0x1f)], &state)
        case 0x60...0x7f, 0xd1...0xd4: state.pendingCommand = command
        case 0xa7: state.commandByte.insert(.mouseDisabled)
        case 0xa8: state.commandByte.remove(.mouseDisabled)
        // Mouse port test: the clock line is stuck.
        case 0xa9: answer(0x01, &state)
        case 0xaa:
            state.commandByte.insert(.selfTested)
            answer(0x55, &state)
        // Keyboard port test: no error.
        case 0xab: answer(0x00, &state)
        case 0xad: state.commandByte.insert(.keyboardDisabled)
        case 0xae: state.commandByte.remove(.keyboardDisabled)
        // Input port: keyboard not locked.
        case 0xc0: answer(0x80, &state)
        case 0xd0: answer(outputPort(state), &state)
        case 0xdd: state.isA20Open = false
        case 0xdf: state.isA20Open = true
        case 0xe0: answer(0x00, &state)
        // Pulses those output lines whose bit is 0; line 0 is the processor's reset.
        case 0xf0...0xff: return command & 0x01 == 0
        default: break
        }
        return false
    }

    /// Returns whether the machine is to be reset.
    private func writeData(_ byte: UInt8, _ state: inout State) -> Bool {
        state.lastWasCommand = false
        guard let command = state.pendingCommand else {
            state.keyboard.receive(byte)
            // Writing to the keyboard turns its clock on again.
            state.commandByte.remove(.keyboardDisabled)
            return false
        }
        state.pendingCommand = nil
        switch command {
        case 0x60: state.commandByte = CommandByte(rawValue: byte)
        case 0x61...0x7f: state.ram[Int(command & 0x1f)] = byte
        case 0xd1:
            state.isA20Open = byte & 0x02 != 0
            return byte & 0x01 == 0
        // As if the keyboard, or the mouse, had sent the byte. There is no mouse port, so its mark is missing.
        case 0xd2, 0xd3: answer(byte, &state)
        // To the mouse: nobody took the byte.
        case 0xd4: answer(0xfe, &state, marks: [.fromMouse, .timeout])
        default: break
        }
        return false
    }

    /// Lines: reset (idle), A20, output buffer full.
    private func outputPort(_ state: borrowing State) -> UInt8 {
        0x01 | (state.isA20Open ? 0x02 : 0) | (state.output != nil ? 0x10 : 0)
    }

    private func answer(_ byte: UInt8, _ state: inout State, marks: Status = []) {
        // A guest that asks without reading loses the oldest answers, as on a controller with one buffer.
        if state.answers.count >= 16 { state.answers.removeFirst() }
        state.answers.append(Output(byte: byte, marks: marks))
    }
}
