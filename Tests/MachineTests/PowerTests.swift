import Glibc
import Machine
import QTest
import Support
import Testing

/// A way a guest resets its machine.
struct ResetButton: CustomTestStringConvertible, Sendable {
    let board: TestedBoard
    let testDescription: String
    let press: @Sendable (DirectGuestAccess) -> Void

    static let all = [
        ResetButton(board: .q35, testDescription: "port 0xcf9, 6") { $0.outb(0xcf9, 0x06) },
        ResetButton(board: .q35, testDescription: "port 0xcf9, 2 then 0xe") {
            $0.outb(0xcf9, 0x02)
            $0.outb(0xcf9, 0x0e)
        },
        ResetButton(board: .q35, testDescription: "the FADT's register") { $0.outb(0xcf9, 0x0f) },
        ResetButton(board: .q35, testDescription: "i8042") { $0.outb(0x64, 0xfe) },
        ResetButton(board: .q35, testDescription: "port 0x92") { $0.outb(0x92, 0x01) },
        ResetButton(board: .microvm, testDescription: "i8042 of microvm") { $0.outb(0x64, 0xfe) },
        ResetButton(board: .microvm, testDescription: "the event device") { $0.writeb(MachinePlaces.events + 6, 1) },
    ]
}

/// A way a guest switches its machine off.
struct PowerSwitch: CustomTestStringConvertible, Sendable {
    let board: TestedBoard
    let testDescription: String
    let press: @Sendable (DirectGuestAccess) -> Void

    static let all = [
        PowerSwitch(board: .q35, testDescription: "PM1_CNT") { $0.outw(MachinePlaces.powerManagement + 4, 1 << 13) },
        PowerSwitch(board: .microvm, testDescription: "sleep control") {
            $0.writeb(MachinePlaces.events + 4, 1 << 5 | 5 << 2)
        },
    ]
}

@Suite("Guests reset their machine and switch it off")
struct PowerTests {
    @Test("A reset is told, and brings everything back to power-on state", arguments: ResetButton.all)
    func reset(_ button: ResetButton) throws {
        let machine = try MachineUnderTest(
            "\(button.board.option) -serial null -device virtio-rng-\(button.board.suffix)")
        let guest = machine.guest
        let device = try #require(machine.firstVirtio(on: button.board.rawValue))
        let fresh = MachineTables(guest)?.tables.map(\.bytes)
        device.status = 3
        guest.write([UInt8](repeating: 0x5a, count: 4096), at: 0x10_0000)
        // Over the tables, too.
        guest.write([UInt8](repeating: 0x5a, count: 4096), at: 0xe0000)
        guest.outb(0x3ff, 0x77)
        guest.outb(0x3fb, 0x1f)
        if button.board == .q35 {
            guest.outw(MachinePlaces.powerManagement + 2, 0x100)
            machine.pci.function(0, 0x1f).write8(0x60, 0x0b)
        }

        button.press(guest)
        machine.settle()

        #expect(machine.events.take() == [.reset(byGuest: true, reason: "guest-reset")])
        #expect(machine.machine.runState == .running)
        #expect(machine.status == nil)
        #expect(guest.bytes(at: 0x10_0000, count: 4096) == [UInt8](repeating: 0, count: 4096))
        #expect(MachineTables(guest)?.tables.map(\.bytes) == fresh)
        #expect(try #require(machine.firstVirtio(on: button.board.rawValue)).status == 0)
        #expect(guest.inb(0x3fb) == 0)
        if button.board == .q35 {
            #expect(guest.inw(MachinePlaces.powerManagement + 2) == 0)
            #expect(guest.inb(0xcf9) == 0)
            #expect(machine.pci.function(0, 0x1f).read8(0x60) != 0x0b)
        }
        // And once more.
        button.press(guest)
        machine.settle()
        #expect(machine.events.take() == [.reset(byGuest: true, reason: "guest-reset")])
    }

    @Test("With -no-reboot a reset ends the machine", arguments: ResetButton.all)
    func noReboot(_ button: ResetButton) throws {
        let machine = try MachineUnderTest("\(button.board.option) -no-reboot")
        button.press(machine.guest)
        machine.settle()
        #expect(machine.events.all == [.shutdown(byGuest: true, reason: "guest-reset")])
        #expect(machine.status == 0)
    }

    @Test("Switched off, the machine ends with status 0", arguments: PowerSwitch.all)
    func off(_ power: PowerSwitch) throws {
        let machine = try MachineUnderTest(power.board.option)
        power.press(machine.guest)
        machine.settle()
        #expect(machine.events.all == [.shutdown(byGuest: true, reason: "guest-shutdown")])
        #expect(machine.status == 0)
    }

    @Test("With -no-shutdown it stays, at rest, until it is reset", arguments: PowerSwitch.all)
    func noShutdown(_ power: PowerSwitch) throws {
        let machine = try MachineUnderTest("\(power.board.option) -no-shutdown")
        power.press(machine.guest)
        machine.settle()
        #expect(machine.events.take() == [.shutdown(byGuest: true, reason: "guest-shutdown"), .stop])
        #expect(machine.machine.runState == .shutdown)
        #expect(machine.status == nil)
        #expect(throws: MachineError.self) { try machine.machine.resume() }
        machine.machine.stop()
        #expect(machine.machine.runState == .shutdown)
        machine.machine.reset()
        #expect(machine.events.take() == [.reset(byGuest: false, reason: "host-qmp-system-reset")])
        #expect(machine.machine.runState == .paused)
        try machine.machine.resume()
        #expect(machine.events.take() == [.resume])
        power.press(machine.guest)
        machine.settle()
        #expect(machine.machine.runState == .shutdown)
    }

    @Test("Other sleep types, and a write without SLP_EN, change nothing")
    func otherSleeps() throws {
        let machine = try MachineUnderTest("-m 64")
        for type in UInt16(1)..<8 { machine.guest.outw(MachinePlaces.powerManagement + 4, 1 << 13 | type << 10) }
        machine.guest.outw(MachinePlaces.powerManagement + 4, 0)
        machine.settle()
        let micro = try MachineUnderTest("-machine microvm -m 64")
        for type in UInt8(0)..<8 where type != 5 { micro.guest.writeb(MachinePlaces.events + 4, 1 << 5 | type << 2) }
        micro.guest.writeb(MachinePlaces.events + 4, 5 << 2)
        micro.settle()
        #expect(machine.events.all == [] && micro.events.all == [])
    }

    @Test("q35's power button raises the SCI of a guest that listens, until it answers")
    func powerButton() throws {
        let machine = try MachineUnderTest("-m 64")
        let status = MachinePlaces.powerManagement
        machine.machine.pressPowerButton()
        #expect(machine.events.take() == [.powerdown])
        #expect(machine.guest.inw(status) & 0x100 != 0)
        #expect(!machine.interrupts.level(of: 9))
        machine.guest.outw(status + 2, 0x100)
        #expect(machine.interrupts.level(of: 9))
        machine.guest.outw(status, 0x100)
        #expect(!machine.interrupts.level(of: 9))
        #expect(machine.guest.inw(status) & 0x100 == 0)
        machine.machine.pressPowerButton()
        #expect(machine.interrupts.level(of: 9))
        #expect(machine.status == nil)
    }

    @Test("microvm's power button is an event, told by a pulse and read once")
    func eventButton() throws {
        let machine = try MachineUnderTest("-machine microvm -m 64")
        let pulses = LevelLog()
        machine.interrupts.observe { pulses.add($0, $1) }
        machine.machine.pressPowerButton()
        #expect(pulses.all == [LevelLog.Change(9, true), LevelLog.Change(9, false)])
        #expect(machine.guest.readl(MachinePlaces.events) == 2)
        #expect(machine.guest.readl(MachinePlaces.events) == 0)
        #expect(machine.events.all == [.powerdown])
    }

    @Test(
        "isa-debug-exit ends the machine with what was written, doubled and odd",
        arguments: [("", UInt16(0x501)), (",iobase=0xf4,iosize=4", 0xf4)], [UInt8(0), 1, 16, 0x7f])
    func debugExit(_ place: (properties: String, port: UInt16), value: UInt8) throws {
        let machine = try MachineUnderTest("-m 64 -device isa-debug-exit\(place.properties)")
        machine.guest.outb(place.port, value)
        machine.settle()
        #expect(machine.status == Int32(value) << 1 | 1)
        #expect(machine.events.all == [.shutdown(byGuest: true, reason: "guest-shutdown")])
    }

    @Test("Of two requests in one instant the first is granted")
    func firstWins() throws {
        let machine = try MachineUnderTest("-m 64")
        machine.guest.outb(0xcf9, 0x06)
        machine.guest.outw(MachinePlaces.powerManagement + 4, 1 << 13)
        machine.settle()
        #expect(machine.events.all == [.reset(byGuest: true, reason: "guest-reset")])
        #expect(machine.status == nil)
    }
}
