import Bus
import Host
import Hypervisor
import Memory
import QTest
import Synchronization
import Testing

@Suite("Commands of the qtest protocol") struct CommandTests {
    @Test("Endianness is little") func endianness() throws {
        #expect(try Bench().say("endianness") == "OK little")
    }

    @Test("Ports of each width reach the device; nothing reads as all ones") func ports() throws {
        let bench = try Bench()
        #expect(bench.say("outb 0x60 0x11") == "OK")
        #expect(bench.say("outw 0x62 0x3322") == "OK")
        #expect(bench.say("outl 0x64 0x77665544") == "OK")
        #expect(bench.say("inb 0x60") == "OK 0x0011")
        #expect(bench.say("inw 98") == "OK 0x3322")
        #expect(bench.say("inl 0144") == "OK 0x77665544")
        #expect(bench.registers.takeAccesses().map(\.width) == [.one, .two, .four, .one, .two, .four])
        #expect(bench.say("inb 0x80") == "OK 0x00ff")
        #expect(bench.say("inl 0x80") == "OK 0xffffffff")
        #expect(bench.say("outb 0x60 0x1234") == "OK")
        #expect(bench.say("inb 0x60") == "OK 0x0034")
        #expect(bench.say("inb 0x10000").hasPrefix("FAIL"))
    }

    @Test("Memory values of each width are stored in RAM, little-endian") func memoryValues() throws {
        let bench = try Bench()
        #expect(bench.say("writeq 0x100 0x0102030405060708") == "OK")
        #expect(bench.say("readb 0x100") == "OK 0x0000000000000008")
        #expect(bench.say("readw 0x100") == "OK 0x0000000000000708")
        #expect(bench.say("readl 0x101") == "OK 0x0000000004050607")
        #expect(bench.say("readq 0x100") == "OK 0x0102030405060708")
        #expect(bench.say("writeb 0x100 0xff") == "OK")
        #expect(bench.say("writew 0x102 0") == "OK")
        #expect(bench.say("writel 0x104 -1") == "OK")
        #expect(bench.memory.load(GuestAddress(0x100), as: UInt64.self) == 0xffff_ffff_0000_07ff)
        #expect(bench.say("readl 0xe0000000") == "OK 0x00000000ffffffff")
        #expect(bench.say("readq 0xfffffffffffffffc") == "OK 0xffffffffffffffff")
    }

    @Test("A device mapped over RAM is what is seen") func deviceOverMemory() throws {
        let bench = try Bench()
        #expect(bench.say("writel 0x8004 0xaabbccdd") == "OK")
        #expect(bench.registers.takeAccesses() == [Access(offset: 4, width: .four)])
        #expect(bench.memory.load(GuestAddress(0x8004), as: UInt32.self) == 0)
        #expect(bench.say("readl 0x8004") == "OK 0x00000000aabbccdd")
    }

    @Test("Read and write move bytes in hexadecimal") func bytes() throws {
        let bench = try Bench()
        #expect(bench.say("write 0x200 5 0x48656C6c6f") == "OK")
        #expect(bench.say("read 0x200 5") == "OK 0x48656c6c6f")
        #expect(bench.memory.bytes(at: GuestAddress(0x200), count: 5) == Array("Hello".utf8))
        #expect(bench.say("write 0x200 4 0x41") == "OK")
        #expect(bench.say("read 0x200 5") == "OK 0x410000006f")
        #expect(bench.say("write 0x200 1 0x424344") == "OK")
        #expect(bench.say("read 0x200 2") == "OK 0x4200")
    }

    @Test("A transfer of 1, 2, 4 or 8 bytes reaches a device in one access") func exactWidths() throws {
        let bench = try Bench()
        for (count, width) in [(1, AccessWidth.one), (2, .two), (4, .four), (8, .eight)] {
            #expect(bench.say("read 0xd0000002 \(count)").hasPrefix("OK 0x"))
            #expect(bench.registers.takeAccesses() == [Access(offset: 2, width: width)])
        }
        #expect(bench.say("write 0xd0000004 4 0x01020304") == "OK")
        #expect(bench.registers.takeAccesses() == [Access(offset: 4, width: .four)])
        #expect(bench.say("readl 0xd0000004") == "OK 0x0000000004030201")
    }

    @Test("Other lengths reach a device in aligned accesses") func otherLengths() throws {
        let bench = try Bench()
        #expect(bench.say("memset 0xd0000000 16 0xa5") == "OK")
        _ = bench.registers.takeAccesses()
        #expect(bench.say("read 0xd0000001 15") == "OK 0x" + String(repeating: "a5", count: 15))
        #expect(
            bench.registers.takeAccesses() == [
                Access(offset: 1, width: .one), Access(offset: 2, width: .two), Access(offset: 4, width: .four),
                Access(offset: 8, width: .eight),
            ])
    }

    @Test("A range may run through RAM, a device, RAM and nothing") func mixedRange() throws {
        let bench = try Bench()
        #expect(bench.say("memset 0x7ffc 24 0x11") == "OK")
        #expect(bench.memory.bytes(at: GuestAddress(0x7ffb), count: 6) == [0, 0x11, 0x11, 0x11, 0x11, 0])
        #expect(bench.memory.bytes(at: GuestAddress(0x8010), count: 5) == [0x11, 0x11, 0x11, 0x11, 0])
        #expect(bench.say("read 0x7ffb 26") == "OK 0x00" + String(repeating: "11", count: 24) + "00")
        #expect(bench.say("read 0xfffe 4") == "OK 0x0000ffff")
        #expect(bench.say("memset 0xfffe 0x40000000 0x22") == "OK")
        #expect(bench.memory.bytes(at: GuestAddress(0xfffd), count: 3) == [0, 0x22, 0x22])
        #expect(bench.say("memset 0x100 0 1") == "OK")
    }

    @Test("Base64 carries every remainder") func base64() throws {
        let bench = try Bench()
        for (text, count) in [("TWFu", 3), ("TWE=", 2), ("TQ==", 1), ("TWFuTQ==", 4)] {
            #expect(bench.say("b64write 0x300 \(count) \(text)") == "OK")
            #expect(bench.say("b64read 0x300 \(count)") == "OK \(text)")
        }
        #expect(bench.memory.bytes(at: GuestAddress(0x300), count: 4) == Array("ManM".utf8))
    }

    @Test("The clock moves only when told, and timers run in order on the way") func clock() throws {
        let bench = try Bench()
        let seen = Mutexed<[UInt64]>([])
        let clock = bench.clock
        let first = clock.makeTimer { seen.update { $0.append(clock.now) } }
        let second = clock.makeTimer { seen.update { $0.append(clock.now) } }
        second.arm(at: 500)
        first.arm(at: 300)
        #expect(bench.say("clock_step 100") == "OK 100")
        #expect(seen.value == [])
        #expect(bench.say("clock_step") == "OK 300")
        #expect(seen.value == [300])
        #expect(bench.say("clock_set 1000") == "OK 1000")
        #expect(seen.value == [300, 500])
        #expect(bench.say("clock_step") == "OK 1000")
        #expect(bench.say("clock_set 5") == "OK 1000")
        #expect(bench.say("clock_step 0xffffffffffffffff").hasPrefix("FAIL"))
        #expect(bench.say("clock_set 0x8000000000000000").hasPrefix("FAIL"))
        #expect(bench.say("clock_step 0") == "OK 1000")
    }

    @Test("The clock of a running machine is left alone") func hostClock() throws {
        #expect(try Bench(clock: .host).say("clock_step 100").hasPrefix("FAIL"))
    }

    @Test("Each change of an interrupt's level is told once, from the interception on") func interrupts() throws {
        let bench = try Bench()
        let line = InterruptLine(number: 4, controller: bench.machine)
        line.set(true)
        bench.turn()
        #expect(bench.receive() == "")
        #expect(bench.say("irq_intercept_in ioapic") == "OK")
        line.set(true)
        line.set(false)
        line.set(false)
        InterruptLine(number: 11, controller: bench.machine).pulse()
        bench.turn()
        #expect(bench.receive() == "IRQ lower 4\nIRQ raise 11\nIRQ lower 11\n")
        #expect(bench.say("irq_intercept_in ioapic") == "OK")
        #expect(bench.say("irq_intercept_in /machine/q35/ioapic").hasPrefix("FAIL IRQ intercept already"))
        #expect(bench.say("irq_intercept_in hpet") == "FAIL Unknown device")
    }

    @Test("An interrupt that a command causes is told before its reply") func interruptOrder() throws {
        let bench = try Bench()
        let line = InterruptLine(number: 8, controller: bench.machine)
        bench.clock.makeTimer { line.set(true) }.arm(at: 10)
        #expect(bench.say("irq_intercept_in ioapic") == "OK")
        #expect(bench.say("clock_step 10") == "IRQ raise 8\nOK 10")
    }

    @Test("A message interrupt is a write of its data") func message() throws {
        let bench = try Bench()
        let interrupt = bench.machine.makeMessageInterrupt()
        interrupt.signal()
        interrupt.route(InterruptMessage(address: 0x400, data: 0x1234_5678))
        interrupt.signal()
        #expect(bench.say("readl 0x400") == "OK 0x0000000012345678")
        interrupt.route(InterruptMessage(address: 0xd000_0000, data: 9))
        interrupt.signal()
        #expect(bench.registers.takeAccesses() == [Access(offset: 0, width: .four)])
        #expect(interrupt.eventDescriptor == nil)
        interrupt.route(nil)
        interrupt.signal()
        #expect(bench.registers.takeAccesses() == [])
    }

    @Test("A doorbell where nothing is mapped is heard") func doorbell() throws {
        let bench = try Bench()
        let event = try EventFD()
        bench.buses.memory.attach(Doorbell(address: GuestAddress(0xe000_0000), event: event))
        #expect(bench.say("writew 0xe0000000 1") == "OK")
        #expect(event.drain())
    }

    @Test("A vCPU sleeps until it is kicked") func virtualCPU() throws {
        let bench = try Bench()
        bench.cpu.kick()
        #expect(bench.cpu.run() == .interrupted)
        bench.cpu.kick()
        bench.cpu.acknowledgeKick()
        let cpu = bench.cpu
        let thread = try Thread(name: "vCPU") { _ = cpu.run() }
        cpu.kick()
        thread.join()
    }
}

final class Mutexed<Value: Sendable>: Sendable {
    private let storage: Mutex<Value>
    init(_ value: Value) { storage = Mutex(value) }
    var value: Value { storage.withLock { $0 } }
    func update(_ body: (inout Value) -> Void) { storage.withLock { body(&$0) } }
}
