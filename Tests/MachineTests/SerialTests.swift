import Host
import QTest
import Support
import Testing

@Suite("Bytes go between a guest's ports and the host")
struct SerialTests {
    private static let ports: [UInt16] = [0x3f8, 0x2f8, 0x3e8, 0x2e8]

    @Test("What a guest prints is in the file", arguments: TestedBoard.allCases)
    func file(_ board: TestedBoard) throws {
        let scratch = try TestPipes.Directory()
        let machine = try MachineUnderTest("\(board.option) -serial file:\(scratch.file("out"))")
        for byte in "Hello\n".utf8 { machine.guest.outb(0x3f8, byte) }
        #expect(scratch.content(of: "out") == Array("Hello\n".utf8))
        machine.tearDown()
    }

    @Test("Four ports lead four ways, and -serial none leaves a place empty")
    func four() throws {
        let scratch = try TestPipes.Directory()
        let machine = try MachineUnderTest(
            """
            -m 64 -serial file:\(scratch.file("0")) -serial none -chardev file,path=\(scratch.file("2")),id=c \
            -serial chardev:c -serial file:\(scratch.file("3"))
            """)
        for (index, port) in Self.ports.enumerated() { machine.guest.outb(port, 0x30 + UInt8(index)) }
        for index in [0, 2, 3] { #expect(scratch.content(of: "\(index)") == [0x30 + UInt8(index)]) }
        #expect(machine.guest.inb(0x2fd) == 0xff)
    }

    @Test(
        "What a client types reaches the guest, with an interrupt, and what the guest prints reaches the client",
        arguments: TestedBoard.allCases)
    func socket(_ board: TestedBoard) throws {
        let scratch = try TestPipes.Directory()
        let path = scratch.file("serial")
        let machine = try MachineUnderTest("\(board.option) -serial unix:\(path),server=on,wait=off")
        let client = try Socket.connect(to: .unix(path: path))
        // Receive interrupts, let through by OUT2.
        machine.guest.outb(0x3fc, 0x08)
        machine.guest.outb(0x3f9, 0x01)
        let text = Array("login: root".utf8)
        #expect(TestPipes.fill(client.rawValue, text[...]) == text.count)
        var typed: [UInt8] = []
        var isInterrupted = true
        let isAll = machine.wait {
            while machine.guest.inb(0x3fd) & 1 != 0 {
                isInterrupted = isInterrupted && machine.interrupts.level(of: 4)
                typed.append(machine.guest.inb(0x3f8))
            }
            return typed.count == text.count
        }
        #expect(isAll && isInterrupted)
        #expect(typed == text)
        #expect(!machine.interrupts.level(of: 4))
        machine.guest.outb(0x3f8, 0x21)
        #expect(machine.wait { TestPipes.drain(client.rawValue) == [0x21] })
    }

    @Test("The debug console writes what a guest sends to its port", arguments: TestedBoard.allCases)
    func debugConsole(_ board: TestedBoard) throws {
        let scratch = try TestPipes.Directory()
        let machine = try MachineUnderTest(
            """
            \(board.option) -debugcon file:\(scratch.file("fixed")) -chardev file,id=c,path=\(scratch.file("plugged")) \
            -device isa-debugcon,chardev=c,iobase=0x402
            """)
        for byte in "SEC: ok".utf8 {
            machine.guest.outb(0xe9, byte)
            machine.guest.outb(0x402, byte &+ 1)
        }
        #expect(scratch.content(of: "fixed") == Array("SEC: ok".utf8))
        #expect(scratch.content(of: "plugged") == "SEC: ok".utf8.map { $0 &+ 1 })
        #expect(machine.guest.inb(0xe9) == 0xe9)
    }
}
