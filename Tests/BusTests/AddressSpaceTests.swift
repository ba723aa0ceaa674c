import Bus
import Host
import Memory
import Support
import Synchronization
import Testing

/// Answers reads with its mark and the offset, and remembers writes.
private final class TestDevice: BusDevice {
    struct Write: Equatable {
        let value: UInt64
        let access: Access
    }

    let mark: UInt64
    private let log = Mutex<[Write]>([])
    private let reaction = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ mark: UInt64) { self.mark = mark }

    var writes: [Write] { log.withLock { $0 } }
    func onWrite(_ body: @escaping @Sendable () -> Void) { reaction.withLock { $0 = body } }

    func read(_ access: Access) -> UInt64 { mark << 8 | access.offset }

    func write(_ value: UInt64, _ access: Access) {
        log.withLock { $0.append(Write(value: value, access: access)) }
        reaction.withLock { $0 }?()
    }
}

@Suite struct AddressSpaceTests {
    let space = AddressSpace(.memory)

    func range(_ start: UInt64, _ count: UInt64) throws -> GuestRange {
        try #require(GuestRange(start: GuestAddress(start), count: count))
    }

    func read(_ address: UInt64, _ width: AccessWidth = .two) -> UInt64 { space.read(GuestAddress(address), width) }

    @Test("Nothing reads as all ones and takes writes")
    func nothing() {
        for width in AccessWidth.allCases { #expect(read(0x1000, width) == width.mask) }
        space.write(1, to: GuestAddress(.max), .eight)
        #expect(read(.max, .eight) == .max)
        #expect(!space.isMapped(GuestAddress(0)))
    }

    @Test("A device sees offsets in its range and values in their width")
    func offsets() throws {
        let device = TestDevice(0xa)
        space.map(try range(0x1000, 0x100), name: "a", to: device)
        #expect(read(0x1000) == 0xa00 && read(0x10fe) == 0xafe)
        #expect(read(0x1010, .one) == 0x10)
        #expect(read(0x0fff, .one) == 0xff && read(0x1100, .one) == 0xff)
        space.write(0x1_ff12, to: GuestAddress(0x1004), .two)
        #expect(device.writes == [.init(value: 0xff12, access: Access(offset: 4, width: .two))])
    }

    @Test("The higher priority is seen, then the later; what is covered comes back")
    func overlap() throws {
        let (low, high, late) = (TestDevice(1), TestDevice(2), TestDevice(3))
        space.map(try range(0x1000, 0x30), name: "low", to: low)
        let top = space.map(try range(0x1010, 0x10), name: "high", priority: 1, to: high)
        space.map(try range(0x1008, 0x20), name: "late", to: late)
        let seen = { [0x1000, 0x1008, 0x1010, 0x1020, 0x1028].map { read($0) >> 8 } }
        #expect(seen() == [1, 3, 2, 3, 1])
        #expect(read(0x1020) == 0x318)
        space.unmap(top)
        space.unmap(top)
        #expect(seen() == [1, 3, 3, 3, 1])
        #expect(space.mappings.map(\.name) == ["low", "late"])
    }

    @Test("An access across the end of a device is one per byte")
    func split() throws {
        let (first, second) = (TestDevice(1), TestDevice(2))
        space.map(try range(0x1000, 2), name: "first", to: first)
        space.map(try range(0x1002, 1), name: "second", to: second)
        // Offset 1 of the first, offset 0 of the second, and two bytes of nothing.
        #expect(read(0x1001, .four) == 0xffff_0001)
        space.write(0x4433_2211, to: GuestAddress(0x1000), .four)
        #expect(first.writes.map(\.value) == [0x11, 0x22])
        #expect(second.writes == [.init(value: 0x33, access: Access(offset: 0, width: .one))])
    }

    @Test("The top of the address space can be mapped and crossed")
    func top() throws {
        let device = TestDevice(7)
        space.map(try range(UInt64.max - 7, 8), name: "top", to: device)
        #expect(read(.max, .one) == 7)
        #expect(read(UInt64.max - 7, .four) == 0x700)
        space.write(1, to: GuestAddress(.max), .eight)
        #expect(device.writes.map(\.access.offset) == [7])
    }

    @Test("A device may move mappings from inside an access")
    func moves() throws {
        let device = TestDevice(1)
        let other = TestDevice(2)
        let old = space.map(try range(0x1000, 16), name: "old", to: device)
        let next = try range(0x2000, 16)
        let space = self.space
        device.onWrite {
            space.unmap(old)
            space.map(next, name: "new", to: other)
        }
        space.write(1, to: GuestAddress(0x1000), .one)
        #expect(read(0x1000) == 0xffff && read(0x2000) == 0x200)
    }

    @Test("A doorbell rings instead of the device, for its value and width only")
    func doorbell() throws {
        let device = TestDevice(1)
        space.map(try range(0x1000, 16), name: "a", to: device)
        let event = try EventFD()
        let doorbell = Doorbell(address: GuestAddress(0x1004), width: .two, value: 3, event: event)
        space.attach(doorbell)
        space.write(3, to: GuestAddress(0x1004), .two)
        #expect(event.drain() && device.writes.isEmpty)
        space.write(4, to: GuestAddress(0x1004), .two)
        space.write(3, to: GuestAddress(0x1004), .four)
        #expect(!event.drain() && device.writes.count == 2)
        space.detach(doorbell)
        space.detach(doorbell)
        space.write(3, to: GuestAddress(0x1004), .two)
        #expect(!event.drain() && device.writes.count == 3)
    }

    @Test("A binder hears of doorbells before and after it came")
    func binder() throws {
        final class Binder: DoorbellBinder {
            let bound = Mutex<[UInt64]>([])
            func bind(_ doorbell: Doorbell, in space: AddressSpace.Kind) {
                bound.withLock { $0.append(doorbell.address.rawValue) }
            }
            func unbind(_ doorbell: Doorbell, in space: AddressSpace.Kind) {
                bound.withLock { $0.removeAll { $0 == doorbell.address.rawValue } }
            }
        }
        let event = try EventFD()
        let first = Doorbell(address: GuestAddress(0x10), event: event)
        let second = Doorbell(address: GuestAddress(0x20), event: event)
        space.attach(first)
        let binder = Binder()
        space.bindDoorbells(with: binder)
        space.attach(second)
        #expect(binder.bound.withLock { $0 } == [0x10, 0x20])
        space.detach(first)
        #expect(binder.bound.withLock { $0 } == [0x20])
    }
}

@Suite struct InterruptTests {
    @Test("A pulse is up and down, a level stays")
    func line() {
        final class Controller: InterruptController {
            let log = Mutex<[Bool]>([])
            func set(_ line: UInt32, level: Bool) { log.withLock { $0.append(level) } }
        }
        let controller = Controller()
        let line = InterruptLine(number: 5, controller: controller)
        line.pulse()
        line.set(true)
        #expect(controller.log.withLock { $0 } == [true, false, true])
    }

    @Test("A joined line is high while any of its drivers is")
    func join() {
        final class Controller: InterruptController {
            let log = Mutex<[Bool]>([])
            func set(_ line: UInt32, level: Bool) { log.withLock { $0.append(level) } }
        }
        let controller = Controller()
        let join = InterruptJoin(InterruptLine(number: 5, controller: controller))
        let (first, second) = (join.makeInput(), join.makeInput())
        first.set(true)
        second.set(true)
        first.set(false)
        first.set(false)
        #expect(controller.log.withLock { $0 } == [true])
        second.set(false)
        #expect(controller.log.withLock { $0 } == [true, false])
    }
}
