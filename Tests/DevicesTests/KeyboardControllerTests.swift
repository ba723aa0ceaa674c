import Bus
import Devices
import Memory
import Testing

@Suite struct KeyboardControllerTests {
    let machine: TestMachine
    let controller: KeyboardController
    let ports = AddressSpace(.port)

    init() throws {
        machine = try TestMachine()
        controller = KeyboardController(interrupt: machine.line(1), power: machine)
        controller.map(into: ports)
    }

    func read(_ port: UInt64) -> UInt64 { ports.read(GuestAddress(port), .one) }
    func write(_ value: UInt64, _ port: UInt64) { ports.write(value, to: GuestAddress(port), .one) }
    func command(_ value: UInt64) { write(value, 0x64) }

    /// Everything in the buffer, byte by byte, as an interrupt handler reads it.
    func drain() -> [UInt64] {
        var bytes: [UInt64] = []
        while read(0x64) & 1 == 1, bytes.count < 100 { bytes.append(read(0x60)) }
        return bytes
    }

    @Test("A driver's probe is answered at every step")
    func probe() {
        #expect(drain() == [])
        command(0xaa)
        #expect(drain() == [0x55])
        #expect(read(0x64) & 0x04 != 0)
        command(0x20)
        let initial = read(0x60)
        #expect(initial & 0x01 != 0)
        // Keyboard off, no interrupts; and it is what was written.
        command(0x60)
        write(initial & ~1 | 0x10, 0x60)
        command(0x20)
        #expect(drain() == [initial & ~1 | 0x10])
        command(0xab)
        #expect(drain() == [0])
        // No mouse: the loop test lacks its mark, the port test fails.
        command(0xd3)
        write(0x5a, 0x60)
        #expect(read(0x64) & 0x21 == 0x01)
        #expect(drain() == [0x5a])
        command(0xa9)
        #expect(drain() == [0x01])
        #expect(machine.level(1) == false)
    }

    @Test("The keyboard identifies itself, one interrupt a byte")
    func identify() {
        write(0xf2, 0x60)
        #expect(machine.level(1) && machine.edges(1) == 1)
        #expect(read(0x60) == 0xfa && machine.edges(1) == 2)
        #expect(drain() == [0xab, 0x83])
        #expect(machine.edges(1) == 3 && !machine.level(1))
        // An empty buffer repeats the last byte.
        #expect(read(0x60) == 0x83)

        write(0xff, 0x60)
        #expect(drain() == [0xfa, 0xaa])
        write(0xed, 0x60)
        write(0x07, 0x60)
        #expect(drain() == [0xfa, 0xfa])
        write(0xf0, 0x60)
        write(0x00, 0x60)
        #expect(drain() == [0xfa, 0xfa, 0x02])
        write(0xee, 0x60)
        write(0x42, 0x60)
        #expect(drain() == [0xee, 0xfe])
    }

    @Test("Keys are translated unless the guest wants them raw")
    func keys() {
        controller.sendKey([0x1c, 0xf0, 0x1c])
        #expect(drain() == [0x1e, 0x9e])
        command(0x60)
        write(0x01, 0x60)
        controller.sendKey([0x1c, 0xf0, 0x1c])
        #expect(drain() == [0x1c, 0xf0, 0x1c])
        write(0xf5, 0x60)
        controller.sendKey([0x1c])
        #expect(drain() == [0xfa])
    }

    @Test("The reset line, pulsed or held low, resets the machine")
    func resetLine() {
        command(0xfe)
        #expect(machine.requests == [.reset])
        command(0xff)
        #expect(machine.requests.count == 1)
        command(0xd1)
        write(0x02, 0x60)
        #expect(machine.requests == [.reset, .reset])
    }

    @Test("The A20 gate reads back in the output port")
    func gate() {
        command(0xd0)
        #expect(read(0x60) & 0x03 == 0x03)
        command(0xd1)
        write(0x01, 0x60)
        command(0xd0)
        #expect(read(0x60) & 0x03 == 0x01)
    }

    @Test("A guest that only writes fills nothing up, and a reset forgets it all")
    func hostile() {
        for value in 0..<256 as Range<UInt64> where value & 0xf1 != 0xf0 {
            for _ in 0..<20 {
                command(value)
                write(value, 0x60)
            }
        }
        #expect(drain().count < 100)
        controller.storm(size: 5)
        controller.reset()
        #expect(drain() == [] && !machine.level(1))
        command(0x20)
        #expect(drain() == [0x65])
    }
}
