package import Bus
package import Character
package import Host
package import Log
internal import Synchronization

/// A serial port: National's PC16550D, as in every PC since 1990.
///
/// The transmitter is as fast as its back end: a byte that the guest writes is with the host's kernel before the
/// write returns, on the vCPU's own thread, so the first byte of a boot is never late and a lone byte never waits.
/// (Gathering bytes would save system calls, but each costs a tenth of the exit that brought the byte.) While the
/// back end takes nothing the transmitter shows itself busy (LSR.THRE and TEMT clear) and a driver waits or sleeps
/// until its interrupt.
///
/// The back end is written to under the registers' lock: that keeps the bytes of several vCPUs in order, and a write never
/// waits or calls back.
///
/// The receiver takes from the back end only what its FIFO has room for, so it never overruns.
///
/// | offset | read | write | with DLAB |
/// |---|---|---|---|
/// | 0 | RBR | THR | DLL |
/// | 1 | IER | IER | DLM |
/// | 2 | IIR | FCR | |
/// | 3 | LCR | LCR | |
/// | 4 | MCR | MCR | |
/// | 5 | LSR | | |
/// | 6 | MSR | | |
/// | 7 | SCR | SCR | |
package final class UART16550A: ByteRegisters, MachinePart {
    /// How many ports it occupies.
    package static let portCount: UInt64 = 8

    private struct State {
        var registers = Registers()
        var receive = ReceiveFIFO()
        var transmit = OutputQueue()
        /// The line as it was last set.
        var lineLevel = false
        /// The back end was told that there is no room, and waits for word.
        var isInputRefused = false
        var timeout: Clock.Timer?
    }

    private let clock: Clock
    private let interrupt: InterruptLine
    private let backend: any CharacterBackend
    private let log: Log
    private let lossReport = RateLimit(messages: 1)
    private let state = Mutex(State())

    /// Makes the port and attaches it to `backend`; `NullBackend` for a port that leads nowhere.
    package init(clock: Clock, interrupt: InterruptLine, backend: any CharacterBackend, log: Log) {
        self.clock = clock
        self.interrupt = interrupt
        self.backend = backend
        self.log = log
        let timer = clock.makeTimer { [weak self] in self?.receiveTimedOut() }
        state.withLock { $0.timeout = timer }
        backend.attach(self)
    }

    /// Bytes that were on their way stay on it: what a guest wrote before a reset is part of its output.
    package func reset() {
        state.withLock { state in
            state.registers = Registers()
            state.receive.removeAll()
            state.timeout?.cancel()
            updateLine(&state)
        }
        backend.resumeInput()
    }

    // MARK: Registers

    package func readByte(_ offset: UInt64) -> UInt8 {
        var resumes = false
        let value: UInt8 = state.withLock { state in
            let registers = state.registers
            switch offset {
            case 0 where registers.isDivisorSelected: return UInt8(truncatingIfNeeded: registers.divisor)
            case 1 where registers.isDivisorSelected: return UInt8(truncatingIfNeeded: registers.divisor >> 8)
            case 0: return readReceiveBuffer(&state, &resumes)
            case 1: return registers.interruptEnable.rawValue
            case 2: return readInterruptIdentification(&state)
            case 3: return registers.lineControl
            case 4: return registers.modemControl.rawValue
            case 5: return readLineStatus(&state)
            case 6:
                let value = registers.modemStatus
                state.registers.modemDelta = 0
                updateLine(&state)
                return value
            case 7: return registers.scratch
            default: return 0xff
            }
        }
        if resumes { backend.resumeInput() }
        return value
    }

    package func writeByte(_ value: UInt8, _ offset: UInt64) {
        var resumes = false
        var lost: UInt64 = 0
        state.withLock { state in
            switch offset {
            case 0 where state.registers.isDivisorSelected: state.registers.setDivisor(low: value)
            case 1 where state.registers.isDivisorSelected: state.registers.setDivisor(high: value)
            case 0:
                transmit(value, &state)
                lost = state.transmit.lost
            case 1: writeInterruptEnable(value, &state)
            case 2: resumes = writeFIFOControl(value, &state)
            case 3: state.registers.lineControl = value
            case 4:
                state.registers.setModemControl(value)
                updateLine(&state)
                // Out of loopback, the receiver hears the line again.
                resumes = state.isInputRefused
            case 7: state.registers.scratch = value
            default: break
            }
        }
        if resumes { backend.resumeInput() }
        if lost > 0 {
            lossReport.pass {
                log.warning("The serial port loses output: nobody reads it and its guest does not wait.")
            }
        }
    }

    private func readReceiveBuffer(_ state: inout State, _ resumes: inout Bool) -> UInt8 {
        let byte = state.receive.removeFirst()?.byte ?? 0
        state.registers.isTimeoutPending = false
        rearmTimeout(&state)
        updateLine(&state)
        if state.isInputRefused {
            state.isInputRefused = false
            resumes = true
        }
        return byte
    }

    /// Reading the identification takes back the transmitter's interrupt, if that is what it shows (PC16550D §8.6.3).
    private func readInterruptIdentification(_ state: inout State) -> UInt8 {
        let source = pendingSource(state)
        if source == .transmitterEmpty {
            state.registers.isTransmitterInterruptPending = false
            updateLine(&state)
        }
        return (source?.rawValue ?? Registers.noInterrupt) | (state.registers.isFIFOEnabled ? 0xc0 : 0)
    }

    private func readLineStatus(_ state: inout State) -> UInt8 {
        var status = Registers.LineStatus()
        if !state.receive.isEmpty { status.insert(.dataReady) }
        if state.registers.hasOverrun { status.insert(.overrun) }
        if state.receive.first?.isBreak == true { status.insert(.lineBreak) }
        if state.transmit.isEmpty { status.formUnion([.transmitterHoldingEmpty, .transmitterEmpty]) }
        if status.isDisjoint(with: [.overrun, .lineBreak]) { return status.rawValue }
        state.registers.hasOverrun = false
        if status.contains(.lineBreak) { state.receive.clearBreak() }
        updateLine(&state)
        return status.rawValue
    }

    private func writeInterruptEnable(_ value: UInt8, _ state: inout State) {
        let old = state.registers.interruptEnable
        let new = Registers.InterruptEnable(rawValue: value & 0x0f)
        state.registers.interruptEnable = new
        // Drivers start transmission by enabling this interrupt and expect it at once if the transmitter is empty.
        if new.contains(.transmitterEmpty), !old.contains(.transmitterEmpty) {
            state.registers.isTransmitterInterruptPending = state.transmit.isEmpty
        }
        updateLine(&state)
    }

    /// Returns whether there is room for input again.
    private func writeFIFOControl(_ value: UInt8, _ state: inout State) -> Bool {
        let isSwitched = (value & 1 != 0) != state.registers.isFIFOEnabled
        state.registers.setFIFOControl(value)
        // The transmit FIFO is not emptied: what it holds was sent, for all a driver can tell.
        guard isSwitched || value & 0x02 != 0 else {
            updateLine(&state)
            return false
        }
        state.receive.removeAll()
        state.registers.isTimeoutPending = false
        state.timeout?.cancel()
        updateLine(&state)
        defer { state.isInputRefused = false }
        return state.isInputRefused
    }

    // MARK: Transmitter

    private func transmit(_ byte: UInt8, _ state: inout State) {
        state.registers.isTransmitterInterruptPending = false
        if state.registers.modemControl.contains(.loopback) {
            receive(.init(byte: byte), &state)
        } else {
            state.transmit.send(byte, to: backend)
        }
        if state.transmit.isEmpty { state.registers.isTransmitterInterruptPending = true }
        updateLine(&state)
    }

    // MARK: Receiver

    private func receive(_ character: ReceiveFIFO.Received, _ state: inout State) {
        if !state.receive.append(character, limit: state.registers.receiveLimit) { state.registers.hasOverrun = true }
        // A character restarts the wait for the next one.
        state.registers.isTimeoutPending = false
        rearmTimeout(&state)
    }

    /// Characters below the trigger level are reported after four character times without another (PC16550D §8.4).
    private func rearmTimeout(_ state: inout State) {
        guard state.registers.isFIFOEnabled, !state.receive.isEmpty else {
            state.timeout?.cancel()
            return
        }
        state.timeout?.arm(at: clock.now &+ 4 * state.registers.characterTime)
    }

    private func receiveTimedOut() {
        state.withLock { state in
            guard state.registers.isFIFOEnabled, !state.receive.isEmpty else { return }
            state.registers.isTimeoutPending = true
            updateLine(&state)
        }
    }

    // MARK: Interrupts

    private func pendingSource(_ state: borrowing State) -> Registers.InterruptSource? {
        let enable = state.registers.interruptEnable
        if enable.contains(.lineStatus), state.registers.hasOverrun || state.receive.first?.isBreak == true {
            return .lineStatus
        }
        if enable.contains(.dataReady), !state.receive.isEmpty {
            if state.receive.count >= state.registers.triggerLevel { return .dataReady }
            if state.registers.isTimeoutPending { return .timeout }
        }
        if enable.contains(.transmitterEmpty), state.registers.isTransmitterInterruptPending {
            return .transmitterEmpty
        }
        if enable.contains(.modemStatus), state.registers.modemDelta != 0 { return .modemStatus }
        return nil
    }

    private func updateLine(_ state: inout State) {
        let level = state.registers.isInterruptGateOpen && pendingSource(state) != nil
        guard level != state.lineLevel else { return }
        state.lineLevel = level
        interrupt.set(level)
    }
}

// MARK: The back end's calls

extension UART16550A: CharacterFrontEnd {
    package var receiveCapacity: Int {
        state.withLock { state in
            let room = max(0, state.registers.receiveLimit - state.receive.count)
            // In loopback the receiver hears the transmitter, not the line.
            let capacity = state.registers.modemControl.contains(.loopback) ? 0 : room
            state.isInputRefused = capacity == 0
            return capacity
        }
    }

    package func receive(_ bytes: [UInt8]) {
        state.withLock { state in
            for byte in bytes { receive(.init(byte: byte), &state) }
            updateLine(&state)
        }
    }

    package func backendIsWritable() {
        state.withLock { state in
            guard !state.transmit.isEmpty, state.transmit.flush(to: backend) else { return }
            state.registers.isTransmitterInterruptPending = true
            updateLine(&state)
        }
    }

    package func handle(_ event: CharacterEvent) {
        guard event == .lineBreak else { return }
        state.withLock { state in
            receive(.init(byte: 0, isBreak: true), &state)
            updateLine(&state)
        }
    }
}
