import Bus
import Character
import Devices
import Host
import Log
import Support
import Testing

/// The register names of Linux's `serial_reg.h`.
private enum Register {
    static let data: UInt64 = 0
    static let interruptEnable: UInt64 = 1
    static let identification: UInt64 = 2
    static let fifoControl: UInt64 = 2
    static let lineControl: UInt64 = 3
    static let modemControl: UInt64 = 4
    static let lineStatus: UInt64 = 5
    static let modemStatus: UInt64 = 6
    static let scratch: UInt64 = 7
}

@Suite struct UARTTests {
    let machine: TestMachine
    let terminal = TestTerminal()
    let uart: UART16550A

    init() throws {
        machine = try TestMachine()
        uart = UART16550A(
            clock: machine.clock, interrupt: machine.line(4), backend: terminal, log: Log { _, _ in })
    }

    /// FIFO with trigger level 8, OUT2, these interrupts: as a driver leaves it.
    func start(interrupts: UInt64) {
        uart.store(0x81, Register.fifoControl)
        uart.store(0x0b, Register.modemControl)
        uart.store(interrupts, Register.interruptEnable)
    }

    @Test("Linux's probe finds a 16550A and nothing more")
    func autoconfig() {
        // Is there an IER?
        uart.store(0, Register.interruptEnable)
        #expect(uart.load(Register.interruptEnable) & 0x0f == 0)
        uart.store(0x0f, Register.interruptEnable)
        #expect(uart.load(Register.interruptEnable) == 0x0f)
        uart.store(0, Register.interruptEnable)
        // Loopback: RTS and OUT2 come back as CTS and DCD.
        uart.store(0x1a, Register.modemControl)
        #expect(uart.load(Register.modemStatus) & 0xf0 == 0x90)
        uart.store(0, Register.modemControl)
        #expect(uart.load(Register.modemStatus) & 0xf0 == 0xb0)
        // FIFO: both bits of the IIR.
        #expect(uart.load(Register.identification) >> 6 == 0)
        uart.store(1, Register.fifoControl)
        #expect(uart.load(Register.identification) >> 6 == 3)
        // No EFR behind 0x80 or 0xBF, no 64 byte FIFO, no UUE bit.
        for control: UInt64 in [0x80, 0xbf] {
            uart.store(control, Register.lineControl)
            #expect(uart.load(Register.identification) != 0)
        }
        uart.store(0x80, Register.lineControl)
        uart.store(0x21, Register.fifoControl)
        #expect(uart.load(Register.identification) >> 5 == 6)
        uart.store(0, Register.lineControl)
        uart.store(0x40, Register.interruptEnable)
        #expect(uart.load(Register.interruptEnable) & 0x40 == 0)
        uart.store(0x5a, Register.scratch)
        #expect(uart.load(Register.scratch) == 0x5a)
        #expect(machine.edges(4) == 0)
    }

    @Test("The transmitter's interrupt comes each time it is enabled, as Linux's THRE test wants")
    func transmitterTest() {
        uart.store(0x08, Register.modemControl)
        for _ in 0..<2 {
            uart.store(0x02, Register.interruptEnable)
            #expect(uart.load(Register.identification) & 0x0f == 0x02)
            // Shown once, then gone.
            #expect(uart.load(Register.identification) & 0x0f == 0x01)
            uart.store(0, Register.interruptEnable)
        }
        #expect(machine.edges(4) == 2 && !machine.level(4))
    }

    @Test("Interrupt-driven output is an interrupt per burst and every byte in order")
    func interruptDriven() {
        start(interrupts: 0)
        let text = Array("The quick brown fox jumps over the lazy dog, twice and once more.".utf8)
        var sent = 0
        uart.store(0x02, Register.interruptEnable)
        while sent < text.count {
            #expect(machine.level(4))
            #expect(uart.load(Register.identification) & 0x0f == 0x02)
            #expect(!machine.level(4))
            for byte in text[sent...].prefix(16) { uart.store(UInt64(byte), Register.data) }
            sent = min(sent + 16, text.count)
        }
        #expect(terminal.output == text)
    }

    @Test("A back end that takes nothing makes the transmitter busy, and nothing is lost")
    func backPressure() {
        start(interrupts: 0x02)
        _ = uart.load(Register.identification)
        terminal.allow(1)
        for byte in 0..<16 as Range<UInt64> { uart.store(byte, Register.data) }
        #expect(terminal.output == [0])
        #expect(uart.load(Register.lineStatus) & 0x60 == 0)
        #expect(uart.load(Register.identification) & 0x0f == 0x01)
        let edges = machine.edges(4)
        terminal.allow(10)
        #expect(uart.load(Register.lineStatus) & 0x60 == 0 && machine.edges(4) == edges)
        terminal.allow(.max)
        #expect(terminal.output == Array(0..<16))
        #expect(uart.load(Register.lineStatus) & 0x60 == 0x60)
        #expect(machine.edges(4) == edges + 1)
        #expect(uart.load(Register.identification) & 0x0f == 0x02)
    }

    @Test("A guest that does not wait loses nothing either, nor does a reset in between")
    func impatient() {
        terminal.allow(0)
        for byte in 0..<5000 as Range<UInt64> { uart.store(byte & 0xff, Register.data) }
        uart.reset()
        uart.store(7, Register.fifoControl)
        terminal.allow(.max)
        #expect(terminal.output == (0..<5000).map { UInt8($0 & 0xff) })
    }

    @Test("Received bytes raise the interrupt at the trigger level, or four characters after the last")
    func receive() {
        start(interrupts: 0x05)
        terminal.type(Array("abc".utf8))
        #expect(!machine.level(4))
        #expect(uart.load(Register.lineStatus) & 1 == 1)
        // 9600 baud, 5 data bits: 7 bits a character.
        let character: UInt64 = 7 * 1_000_000_000 / 9600
        machine.pass(nanoseconds: 4 * character - 1)
        terminal.type(Array("d".utf8))
        machine.pass(nanoseconds: 4 * character - 1)
        #expect(!machine.level(4))
        machine.pass(nanoseconds: 1)
        #expect(machine.level(4))
        #expect(uart.load(Register.identification) == 0xcc)
        #expect(uart.load(Register.data) == UInt64(UInt8(ascii: "a")))
        #expect(!machine.level(4))
        terminal.type(Array("efghi".utf8))
        #expect(machine.level(4) && uart.load(Register.identification) == 0xc4)
        for byte in "bcdefghi".utf8 { #expect(uart.load(Register.data) == UInt64(byte)) }
        #expect(!machine.level(4) && uart.load(Register.lineStatus) & 1 == 0)
        machine.pass(nanoseconds: 1_000_000_000)
        #expect(!machine.level(4))
    }

    @Test("A long paste arrives whole, with and without FIFO", arguments: [0, 1] as [UInt64])
    func paste(fifo: UInt64) {
        uart.store(fifo, Register.fifoControl)
        let text = (0..<1000).map { UInt8($0 % 251) }
        terminal.type(text)
        var got: [UInt8] = []
        while uart.load(Register.lineStatus) & 1 == 1 { got.append(UInt8(uart.load(Register.data))) }
        #expect(got == text)
        #expect(uart.load(Register.lineStatus) & 0x02 == 0)
    }

    @Test("A break is reported with its own character, before what follows")
    func lineBreak() {
        start(interrupts: 0x05)
        terminal.type([65])
        terminal.lineBreak()
        terminal.type([66])
        #expect(uart.load(Register.lineStatus) & 0x11 == 0x01)
        #expect(uart.load(Register.data) == 65)
        #expect(machine.level(4) && uart.load(Register.identification) & 0x0f == 0x06)
        #expect(uart.load(Register.lineStatus) & 0x11 == 0x11)
        #expect(uart.load(Register.lineStatus) & 0x11 == 0x01)
        #expect(uart.load(Register.data) == 0 && uart.load(Register.data) == 66)
    }

    @Test("Loopback brings bytes back, reports what does not fit, and keeps the line apart")
    func loopback() {
        start(interrupts: 0)
        uart.store(0x1b, Register.modemControl)
        terminal.type([99])
        for byte in 0..<17 as Range<UInt64> { uart.store(byte, Register.data) }
        #expect(uart.load(Register.lineStatus) & 0x03 == 0x03)
        #expect(uart.load(Register.lineStatus) & 0x02 == 0)
        for byte in 0..<16 as Range<UInt64> { #expect(uart.load(Register.data) == byte) }
        #expect(terminal.output.isEmpty)
        uart.store(0x0b, Register.modemControl)
        #expect(uart.load(Register.data) == 99)
    }

    @Test("Without OUT2 no interrupt reaches the line")
    func gate() {
        uart.store(0x02, Register.interruptEnable)
        #expect(!machine.level(4))
        uart.store(0x08, Register.modemControl)
        #expect(machine.level(4))
        uart.store(0x00, Register.modemControl)
        #expect(!machine.level(4))
    }

    @Test("Modem lines report their changes once")
    func modem() {
        start(interrupts: 0x08)
        _ = uart.load(Register.modemStatus)
        uart.store(0x14, Register.modemControl)
        uart.store(0x08, Register.modemControl)
        #expect(machine.level(4) && uart.load(Register.identification) & 0x0f == 0)
        // CTS, DSR and DCD went and came; the ring indicator fell.
        #expect(uart.load(Register.modemStatus) == 0xbf)
        #expect(uart.load(Register.modemStatus) == 0xb0 && !machine.level(4))
    }

    @Test("Wide accesses are one per register, and no access traps")
    func wide() {
        uart.store(0x80, Register.lineControl)
        uart.store(0x0601, 0, .two)
        #expect(uart.load(0, .two) == 0x0601)
        uart.store(0x03, Register.lineControl)
        uart.storm(size: UART16550A.portCount)
        machine.pass(nanoseconds: 1_000_000_000_000)
        uart.reset()
        #expect(!machine.level(4) && uart.load(Register.lineStatus) == 0x60 && uart.load(Register.scratch) == 0)
    }

    @Test("A slow reader on a socket gets everything a polling guest writes")
    func endToEnd() throws {
        let loop = try EventLoop()
        let (ours, theirs) = try TestPipes.sockets(sendBuffer: 1)
        let reader = FileDescriptor(owning: theirs)
        let backend = try SocketBackend(connected: FileDescriptor(owning: ours), name: "pair", loop: loop)
        let uart = UART16550A(
            clock: machine.clock, interrupt: machine.line(3), backend: backend, log: Log { _, _ in })
        let text = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        var sent = 0
        var got: [UInt8] = []
        let isDone = loop.turn {
            while sent < text.count, uart.load(Register.lineStatus) & 0x20 != 0 {
                uart.store(UInt64(text[sent]), Register.data)
                sent += 1
            }
            got += TestPipes.drain(reader.rawValue, limit: 2000)
            return got.count == text.count
        }
        #expect(isDone && got == text)
        backend.close()
    }
}
