import Bus
import Devices
import Testing

/// The keyboard controller as Linux's i8042 and atkbd drivers probe it.
@Suite("Keyboard probe")
struct KeyboardProbeTests {
    let bench: Bench
    let controller: KeyboardController

    init() throws {
        bench = try Bench()
        controller = KeyboardController(interrupt: bench.line(1), power: bench)
    }

    private var status: UInt64 { controller.get(.one, at: 4) }
    private func data() -> UInt64 { controller.get(.one, at: 0) }

    /// `__i8042_command`: the command, its argument, and an answer that must already wait.
    private func command(_ command: UInt64, _ argument: UInt64? = nil, answers: Int = 0) -> [UInt64] {
        controller.put(.one, command, at: 4)
        if let argument { controller.put(.one, argument, at: 0) }
        return (0..<answers).compactMap { _ in status & 1 == 1 ? data() : nil }
    }

    /// `ps2_command` with interrupts: a byte is read only when the line rose for it.
    private func keyboard(_ bytes: UInt64...) -> [UInt64] {
        var answers: [UInt64] = []
        for byte in bytes {
            controller.put(.one, byte, at: 0)
            while !bench.takeRises(1).isEmpty, status & 1 == 1 { answers.append(data()) }
        }
        return answers
    }

    @Test("The whole probe ends at once: a keyboard with translated keys, no mouse")
    func probe() {
        // i8042_flush, i8042_controller_selftest.
        #expect(status & 1 == 0)
        #expect(command(0xaa, answers: 1) == [0x55])
        // i8042_controller_init: a stable command byte, no keylock, translation on.
        let initial = command(0x20, answers: 1)
        #expect(initial == command(0x20, answers: 1))
        #expect(status & 0x10 != 0)
        #expect((initial.first ?? 0) & 0x40 != 0)
        _ = command(0x60, 0x74)
        _ = bench.takeRises(1)
        #expect(command(0x20, answers: 1) == [0x74])
        // i8042_check_aux: the loop comes back without the mouse's mark, then the port test fails.
        controller.put(.one, 0xd3, at: 4)
        controller.put(.one, 0x5a, at: 0)
        #expect(status & 0x21 == 0x01)
        #expect(data() == 0x5a)
        #expect(command(0xa9, answers: 1) == [0x01])
        #expect(bench.takeRises(1) == [])
        // i8042_enable_kbd_port, atkbd_probe, atkbd_activate.
        _ = command(0x60, 0x65)
        #expect(keyboard(0xf2) == [0xfa, 0xab, 0x83])
        #expect(keyboard(0xf5) == [0xfa])
        #expect(keyboard(0xed, 0x00) == [0xfa, 0xfa])
        #expect(keyboard(0xf3, 0x00) == [0xfa, 0xfa])
        #expect(keyboard(0xf4) == [0xfa])
        // And with atkbd.reset.
        #expect(keyboard(0xff) == [0xfa, 0xaa])
        #expect(status & 1 == 0 && !bench.isHigh(1))
        #expect(bench.takeRequests() == [])
    }

    @Test("A byte for the mouse comes back as its timeout, without the keyboard's interrupt")
    func mouse() {
        _ = command(0xd4, 0xff)
        #expect(status & 0x61 == 0x61)
        #expect(bench.takeRises(1) == [])
        #expect(data() == 0xfe)
        #expect(status & 0x61 == 0)
    }

    @Test("More keys than a driver is ready to flush are lost")
    func fullBuffer() {
        for _ in 0..<100 { controller.sendKey([0x1c]) }
        var count = 0
        while status & 1 == 1 {
            #expect(data() == 0x1e)
            count += 1
        }
        #expect(count == 16)
    }

    @Test("Extended keys keep their prefix when they are released")
    func extendedKeys() {
        controller.sendKey([0xe0, 0x71, 0xe0, 0xf0, 0x71])
        var bytes: [UInt64] = []
        while status & 1 == 1 { bytes.append(data()) }
        #expect(bytes == [0xe0, 0x53, 0xe0, 0xd3])
    }
}
