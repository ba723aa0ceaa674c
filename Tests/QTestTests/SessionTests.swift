import Glibc
import Host
import Memory
@testable import QTest
import Testing

@Suite("A qtest session on its socket") struct SessionTests {
    @Test("Half a line waits for its other half; several lines at once are all answered") func segments() throws {
        let bench = try Bench()
        bench.send("endian")
        bench.turn()
        #expect(bench.receive() == "")
        bench.send("ness\nreadb 0x10\nendi")
        bench.turn()
        #expect(bench.receive() == "OK little\nOK 0x0000000000000000\n")
        bench.send("anness\r\n")
        bench.turn()
        #expect(bench.receive() == "OK little\n")
    }

    @Test(
        "Malformed input is refused, and the next command works",
        arguments: [
            "", " ", "hello", "readb", "readb x", "readb 0x", "readb 08", "readb 1x", "readb 0x10000000000000000",
            "readb 18446744073709551616", "writeb 0", "read 0", "read 0 0", "read 0 0xffffffffffffffff",
            "read 0xffffffffffffffff 2", "read 0 67108865", "write 0 1", "write 0 1 0x1", "write 0 1 12",
            "write 0 1 0xgg", "write 0 0xffffffffffffffff 0x00", "memset 0 1", "memset 0 0x40000001 0",
            "b64write 0 3 TWF",
            "b64write 0 3 T===", "b64write 0 3 TW=u", "b64write 0 3 TW!u", "b64read 0", "clock_step x", "clock_set",
            "clock_set -1", "irq_intercept_in", "irq_intercept_out ioapic", "inb 65536", "outb 0x60",
            "READB 0", "\u{0}",
            "inb -1", "readb - 1", "readb --1",
        ])
    func malformed(_ command: String) throws {
        let bench = try Bench()
        let reply = bench.say(command)
        #expect(reply.hasPrefix("FAIL "))
        #expect(!reply.contains("\n"))
        #expect(bench.registers.takeAccesses() == [])
        #expect(bench.say("endianness") == "OK little")
    }

    @Test(
        "Numbers have C's forms",
        arguments: [("10", 10), ("0xA", 10), ("0XA", 10), ("012", 10), ("+10", 10), ("0", 0)])
    func numbers(_ word: String, _ value: UInt64) {
        #expect(Numbers.unsigned(Array(word.utf8)[...]) == value)
    }

    @Test("A negative number wraps, as in C") func negative() {
        #expect(Numbers.unsigned(Array("-1".utf8)[...]) == .max)
        #expect(Numbers.unsigned(Array("0xffffffffffffffff".utf8)[...]) == .max)
    }

    @Test("A line that is too long costs one refusal and no memory") func longLine() {
        var reader = LineReader(limit: 8)
        reader.append(Array("12345678\n123456789\nok\n".utf8))
        #expect(reader.next() == .text(Array("12345678".utf8)))
        #expect(reader.next() == .tooLong)
        #expect(reader.next() == .text(Array("ok".utf8)))
        #expect(reader.next() == nil)
        for _ in 0..<1000 {
            reader.append([UInt8](repeating: 65, count: 100))
            #expect(reader.next() == nil)
        }
        reader.append(Array("\nend\n".utf8))
        #expect(reader.next() == .tooLong)
        #expect(reader.next() == .text(Array("end".utf8)))
    }

    @Test("A peer that does not read is not read either, and loses nothing") func backPressure() throws {
        let bench = try Bench()
        let command = Array("read 0 32768\n".utf8)
        // Far more replies than a socket buffer and the congestion limit hold: 200 × 64 KiB.
        let input = [UInt8]((0..<200).flatMap { _ in command })
        var sent = 0
        while sent < input.count {
            let count = bench.send(Array(input[sent...]))
            if count == 0 { break }
            sent += count
        }
        #expect(sent == input.count)
        bench.turn(50)
        var replies = ""
        while true {
            let piece = bench.receive()
            bench.turn(1)
            if piece.isEmpty { break }
            replies += piece
        }
        let expected = "OK 0x" + String(repeating: "00", count: 32768) + "\n"
        #expect(replies.utf8.count == expected.utf8.count * 200)
        #expect(replies == String(repeating: expected, count: 200))
    }

    @Test("A large transfer goes through whole") func largeTransfer() throws {
        let bench = try Bench()
        let data = String(repeating: "0123456789abcdef", count: 8000)
        var rest = Array("write 0 64000 0x\(data)\n".utf8)[...]
        while !rest.isEmpty {
            let count = bench.send(Array(rest))
            bench.turn()
            rest = rest.dropFirst(count)
        }
        #expect(bench.receive() == "OK\n")
        bench.send("read 0 64000\n")
        var reply = ""
        for _ in 0..<20 {
            bench.turn()
            reply += bench.receive()
        }
        // The register file at 0x8000 keeps its own bytes, which are the same.
        #expect(reply == "OK 0x\(data)\n")
    }

    @Test("When the peer hangs up, what it said last is done and the session ends") func hangUp() throws {
        let bench = try Bench()
        bench.send("writeb 0x40 7\n")
        bench.hangUp()
        bench.turn()
        #expect(bench.hasClosed.isRaised)
        #expect(bench.memory.load(.init(0x40), as: UInt8.self) == 7)
        bench.session?.close()
    }

    @Test("A closed session is silent") func close() throws {
        let bench = try Bench()
        #expect(bench.say("irq_intercept_in ioapic") == "OK")
        bench.session?.close()
        bench.machine.set(3, level: true)
        bench.send("endianness\n")
        bench.turn()
        #expect(bench.receive() == "")
        #expect(!bench.hasClosed.isRaised)
    }

    @Test("The log has both directions; none and /dev/null are no log") func log() throws {
        #expect(try QTestLog.open(nil) == nil)
        #expect(try QTestLog.open("none") == nil)
        #expect(try QTestLog.open("/dev/null") == nil)
        let path = "/tmp/apus-qtest-\(getpid()).log"
        defer { _ = unsafe unlink(path) }
        let bench = try Bench(log: try QTestLog.open(path))
        _ = bench.say("endianness")
        let file = try FileDescriptor.open(path, O_RDONLY)
        let lines = String(decoding: try file.bytes(at: 0, count: 4096), as: UTF8.self).split(separator: "\n")
        #expect(lines.map { $0.split(separator: "] ").last } == ["OPENED", "endianness", "OK little"])
        #expect(lines.map(\.first) == ["[", "[", "["])
    }

    @Test("Ten thousand lines of noise get ten thousand replies") func noise() throws {
        let bench = try Bench()
        var generator = Noise(state: 0x9e37_79b9_7f4a_7c15)
        let words = [
            "readb", "readq", "writeb", "writeq", "read", "write", "memset", "b64read", "b64write", "inb", "outl",
            "clock_step",
            "clock_set", "irq_intercept_in", "ioapic", "endianness", "0", "1", "7", "0x60", "0x8000", "0xd0000000",
            "0xfffe",
            "0xffffffffffffffff", "-1", "0x", "0xzz", "0x4142", "TWFu", "=", "4096", "99999999999999999999", "", "\t",
        ]
        var replies = 0
        for _ in 0..<10_000 {
            var line = (0..<generator.next(5)).map { _ in words[generator.next(words.count)] }.joined(separator: " ")
            if generator.next(4) == 0 {
                let junk = (0..<generator.next(20)).map { _ in UInt8(generator.next(256)) }.filter { $0 != 10 }
                line += String(decoding: junk, as: UTF8.self)
            }
            let reply = bench.say(line)
            let own = reply.split(separator: "\n").filter { !$0.hasPrefix("IRQ ") }
            if own.count == 1, own[0].hasPrefix("OK") || own[0].hasPrefix("FAIL ") { replies += 1 }
        }
        #expect(replies == 10_000)
        #expect(!bench.hasClosed.isRaised)
        #expect(bench.say("endianness") == "OK little")
    }
}

/// xorshift64: the same noise in every run.
struct Noise {
    var state: UInt64

    mutating func next(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % max(1, limit)
    }
}
