import Bus
import Support
import Testing
import Virtio

/// What holds for every device behind every transport.
@Suite struct ConformanceTests {
    static let all: [(TestTransport, TestKind)] = TestTransport.allCases.flatMap { transport in
        TestKind.allCases.map { (transport, $0) }
    }

    let machine: TestMachine
    init() throws { machine = try TestMachine() }

    func plug(_ transport: TestTransport, _ kind: TestKind) throws -> any VirtioGuestTransport {
        try machine.plug(machine.makeDevice(kind), transport)
    }

    /// A well-formed request is answered.
    func expectService(_ device: any VirtioGuestTransport, _ kind: TestKind, _ queue: VirtioGuestQueue) {
        let head = queue.add(SampleRequest.buffers(kind, machine.guest))
        queue.kick()
        machine.settle()
        #expect(queue.takeUsed()?.head == head)
        #expect(!device.needsReset)
    }

    @Test("A driver finds the device and is served, with any choice of ring features", arguments: all)
    func serves(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        #expect(device.deviceID == (kind == .block ? 2 : 4))
        for features in [
            0, VirtioGuest.indirect, VirtioGuest.eventIndex, VirtioGuest.indirect | VirtioGuest.eventIndex,
        ] {
            let queue = device.bringUp(features: features | VirtioGuest.version1)
            expectService(device, kind, queue)
            expectService(device, kind, queue)
            #expect(device.takeInterrupts() & 1 == 1)
        }
    }

    @Test("An indirect chain is served like a direct one, also behind direct descriptors", arguments: all)
    func indirect(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        let queue = device.bringUp()
        let head = queue.add(SampleRequest.buffers(kind, machine.guest), indirectAt: 0x20_0008)
        queue.kick()
        machine.settle()
        #expect(queue.takeUsed()?.head == head)
        #expect(!device.needsReset)
    }

    @Test("Chains that are available before the start are served without a kick", arguments: all)
    func availableBeforeStart(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        device.negotiate(VirtioGuest.version1)
        let queue = VirtioGuestQueue(device, size: 8, at: 0x1_0000)
        queue.add(SampleRequest.buffers(kind, machine.guest))
        device.start()
        machine.settle()
        #expect(queue.takeUsed() != nil)
    }

    @Test("A buffer may lie across two adjacent regions of memory", arguments: TestTransport.allCases)
    func seam(_ transport: TestTransport) throws {
        let device = try plug(transport, .entropy)
        let queue = device.bringUp()
        queue.add([.writable(TestMachine.seam - 32, 64)])
        queue.kick()
        machine.settle()
        let used = try #require(queue.takeUsed())
        #expect(used.written == 64)
        #expect(machine.guest.bytes(at: TestMachine.seam, count: 32).contains { $0 != 0 })
    }

    @Test("A malformed chain asks for a reset, other devices go on, and the next reset heals", arguments: all)
    func malformed(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        let other = try machine.plug(machine.makeDevice(.entropy), transport)
        let otherQueue = other.bringUp(at: 0x8_0000)
        for malformation in Malformation.allCases {
            let queue = device.bringUp(at: 0x1_0000)
            _ = device.takeInterrupts()
            malformation.apply(to: queue)
            queue.kick()
            machine.settle()
            #expect(device.needsReset, "\(malformation)")
            #expect(device.takeInterrupts() & 2 == 2, "\(malformation)")
            #expect(queue.usedIndex == 0, "\(malformation)")

            // Nothing more is taken from the broken queue.
            queue.kick()
            machine.settle()
            #expect(queue.usedIndex == 0, "\(malformation)")
            expectService(other, .entropy, otherQueue)

            expectService(device, kind, device.bringUp())
        }
        #expect(machine.logged.count == 5)
        #expect(machine.logged.allSatisfy { $0.hasPrefix("dut needs a reset by its driver: ") })
    }

    @Test("An indirect descriptor without the feature asks for a reset", arguments: all)
    func indirectNotNegotiated(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        let queue = device.bringUp(features: VirtioGuest.version1)
        queue.add(SampleRequest.buffers(kind, machine.guest), indirectAt: 0x20_0000)
        queue.kick()
        machine.settle()
        #expect(device.needsReset)
    }

    @Test("Features that were not offered, or without VERSION_1, do not stick", arguments: all)
    func features(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        let offered = device.deviceFeatures
        #expect(offered & VirtioGuest.version1 != 0)
        for bit in UInt64(0)..<64 where offered & 1 << bit == 0 {
            #expect(!device.negotiate(VirtioGuest.version1 | 1 << bit), "bit \(bit)")
        }
        #expect(!device.negotiate(offered & ~VirtioGuest.version1))
        #expect(device.negotiate(offered))
    }

    @Test("Accepted features cannot be changed after FEATURES_OK", arguments: TestTransport.allCases)
    func featuresAreFinal(_ transport: TestTransport) throws {
        let device = try plug(transport, .entropy)
        device.negotiate(VirtioGuest.version1)
        device.setDriverFeatures(VirtioGuest.version1 | VirtioGuest.indirect)
        let queue = VirtioGuestQueue(device, size: 8, at: 0x1_0000)
        device.start()
        queue.add([.writable(1 << 20, 64)], indirectAt: 2 << 20)
        queue.kick()
        machine.settle()
        #expect(device.needsReset)
    }

    @Test("DRIVER_OK without FEATURES_OK does not stick, and nothing runs", arguments: all)
    func driverWithoutFeatures(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        device.status = 0
        device.status = VirtioGuest.acknowledge | VirtioGuest.driver
        let queue = VirtioGuestQueue(device, size: 8, at: 0x1_0000)
        device.start()
        #expect(device.status & VirtioGuest.driverOK == 0)
        queue.add(SampleRequest.buffers(kind, machine.guest))
        queue.kick()
        machine.settle()
        #expect(queue.takeUsed() == nil)
    }

    @Test(
        "Status bits are only added by a driver, and NEEDS_RESET is not its to set", arguments: TestTransport.allCases)
    func statusOnlyGrows(_ transport: TestTransport) throws {
        let device = try plug(transport, .entropy)
        _ = device.bringUp()
        device.status = VirtioGuest.acknowledge
        #expect(device.status == 15)
        device.status = 15 | VirtioGuest.needsReset
        #expect(device.status == 15)
    }

    @Test("A queue that cannot be asks for a reset when it should run", arguments: all)
    func impossibleQueues(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        let maximum = device.maximumSize(ofQueue: 0)
        #expect(maximum & (maximum - 1) == 0)
        #expect(device.maximumSize(ofQueue: 1) == 0)
        #expect(device.maximumSize(ofQueue: 0xffff) == 0)
        let good: (UInt32, UInt64, UInt64, UInt64) = (8, 0x1_0000, 0x2_0000, 0x3_0000)
        let bad: [(UInt32, UInt64, UInt64, UInt64)] = [
            (0, good.1, good.2, good.3), (3, good.1, good.2, good.3), (maximum * 2, good.1, good.2, good.3),
            (8, good.1 + 8, good.2, good.3), (8, good.1, good.2 + 1, good.3), (8, good.1, good.2, good.3 + 2),
            (8, 0x4000_0000, good.2, good.3), (8, good.1, .max - 1, good.3),
            (8, good.1, good.2, TestMachine.ramEnd - 4),
        ]
        for (size, descriptors, available, used) in bad {
            device.negotiate(device.deviceFeatures)
            device.setUp(0, size: size, descriptors: descriptors, available: available, used: used)
            device.start()
            machine.settle()
            #expect(device.needsReset, "\(size) \(descriptors) \(available) \(used)")
        }
        expectService(device, kind, device.bringUp())
    }

    @Test("Configuration outside the device's reads as ones and takes no writes, at every width", arguments: all)
    func configurationBounds(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        let count: UInt64 = kind == .block ? 60 : 0
        for width in AccessWidth.allCases {
            for offset in [count, count + 1, 0x7f, 0xf8] where offset >= count {
                device.writeConfiguration(offset, 0, width)
                #expect(device.readConfiguration(offset, width) == width.mask)
            }
            if count > 0, width != .one {
                #expect(device.readConfiguration(count - 1, width) == width.mask)
            }
        }
    }

    @Test("Two resets leave the same power-on state as one, also before anything was started", arguments: all)
    func resetTwice(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        device.status = 0
        machine.reset()
        expectService(device, kind, device.bringUp())
        device.status = 0
        device.status = 0
        #expect(device.status == 0)
        #expect(!device.isEnabled(0))
        #expect(device.takeInterrupts() == 0)
        #expect(device.maximumSize(ofQueue: 0) > 8 || kind == .entropy)
        expectService(device, kind, device.bringUp())
    }

    @Test("A machine reset puts a running device back to power-on state", arguments: all)
    func machineReset(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        let queue = device.bringUp()
        expectService(device, kind, queue)
        queue.add(SampleRequest.buffers(kind, machine.guest))
        machine.reset()
        let index = queue.usedIndex
        queue.kick()
        machine.settle()
        #expect(device.status == 0)
        #expect(queue.usedIndex == index)
    }

    @Test("A paused device leaves its ring alone and goes on where it was", arguments: all)
    func pause(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        machine.pause()
        machine.resume()
        let queue = device.bringUp()
        expectService(device, kind, queue)
        for _ in 0..<3 {
            machine.pause()
            let head = queue.add(SampleRequest.buffers(kind, machine.guest))
            queue.kick()
            machine.settle()
            #expect(queue.takeUsed() == nil)
            machine.resume()
            machine.settle()
            #expect(queue.takeUsed()?.head == head)
        }
    }

    @Test("Interrupts and kicks are suppressed as each side asks", arguments: all)
    func suppression(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        var queue = device.bringUp(features: VirtioGuest.version1)
        expectService(device, kind, queue)
        _ = device.takeInterrupts()
        queue.setNoInterrupt(true)
        expectService(device, kind, queue)
        #expect(device.takeInterrupts() == 0)
        #expect(!queue.isNotifySuppressed)

        queue = device.bringUp(features: VirtioGuest.version1 | VirtioGuest.eventIndex)
        expectService(device, kind, queue)
        _ = device.takeInterrupts()
        queue.setUsedEvent(2)
        expectService(device, kind, queue)
        #expect(device.takeInterrupts() == 0)
        expectService(device, kind, queue)
        #expect(device.takeInterrupts() == 1)
        #expect(queue.availableEvent == 3)
    }

    @Test("Kicks for queues that do not exist or do not run do nothing", arguments: all)
    func strayKicks(_ transport: TestTransport, _ kind: TestKind) throws {
        let device = try plug(transport, kind)
        device.notify(0)
        device.notify(7)
        machine.settle()
        let queue = device.bringUp()
        device.notify(9)
        machine.settle()
        expectService(device, kind, queue)
    }
}
