import Bus
import Support
import Testing
import Virtio

/// What is particular to virtio-pci.
@Suite struct PCITransportTests {
    let machine: TestMachine
    let device: VirtioGuestPCI

    init() throws {
        machine = try TestMachine()
        device = try #require(machine.plug(machine.makeDevice(.block), .pci) as? VirtioGuestPCI)
    }

    private func serve(_ queue: VirtioGuestQueue) -> Bool {
        queue.add(SampleRequest.buffers(.block, machine.guest))
        queue.kick()
        machine.settle()
        return queue.takeUsed() != nil
    }

    @Test("The function is a modern one, with its structures in BAR 4 and MSI-X in BAR 1")
    func identity() {
        let function = device.function
        #expect(function.vendor == 0x1af4)
        #expect(function.device == 0x1042)
        #expect(function.read8(0x08) == 1)
        #expect(function.read32(0x08) >> 8 == 0x01_0000)
        #expect(function.read16(0x2c) == 0x1af4)
        #expect(function.read16(0x2e) == 0x1100)
        let bars = function.bars
        #expect(bars.map(\.index) == [1, 4])
        #expect(bars.last?.is64Bit == true)
        #expect(bars.last?.isPrefetchable == true)
        #expect(bars.last?.size == 0x4000)
        #expect(function.msixLayout?.vectors == 2)
        #expect(device.queueCount == 1)
        let types = function.capabilities.filter { $0.id == 9 }.map { function.read8($0.offset + 3) }
        #expect(types.sorted() == [1, 2, 3, 4, 5])
    }

    @Test("With MSI-X each source has its vector, and the ISR register stays empty")
    func messages() throws {
        let function = device.function
        for vector in 0..<2 {
            function.setVector(vector, machine.guest, address: 0xfee0_0000, data: UInt32(0x40 + vector))
        }
        function.setMSIX(enabled: true)
        device.negotiate(device.deviceFeatures & ~VirtioGuest.eventIndex)
        #expect(device.setConfigurationVector(0) == 0)
        #expect(device.setVector(1, ofQueue: 0) == 1)
        let queue = VirtioGuestQueue(device, size: 8, at: 0x1_0000)
        device.start()
        #expect(serve(queue))
        #expect(machine.hypervisor.takeMessages().map(\.data) == [0x41])
        #expect(device.takeInterrupts() == 0)

        Malformation.headOutOfTable.apply(to: queue)
        queue.setAvailableIndex(0xfff)
        queue.kick()
        machine.settle()
        #expect(machine.hypervisor.takeMessages().map(\.data) == [0x40])

        device.status = 0
        #expect(device.setVector(7, ofQueue: 0) == 0xffff)
        #expect(device.setConfigurationVector(2) == 0xffff)
    }

    @Test("A vector that is not set sends nothing")
    func noVector() {
        device.function.setMSIX(enabled: true)
        let queue = device.bringUp()
        #expect(serve(queue))
        #expect(machine.hypervisor.takeMessages().isEmpty)
        #expect(machine.hypervisor.takeLineChanges().isEmpty)
    }

    @Test("Without MSI-X the pin rises, and reading the ISR register lowers it")
    func pin() {
        let queue = device.bringUp(features: VirtioGuest.version1)
        #expect(serve(queue))
        #expect(serve(queue))
        #expect(machine.hypervisor.takeLineChanges().map(\.level) == [true])
        #expect(device.takeInterrupts() == 1)
        #expect(device.takeInterrupts() == 0)
        #expect(machine.hypervisor.takeLineChanges().map(\.level) == [false])
        #expect(serve(queue))
        device.status = 0
        #expect(machine.hypervisor.takeLineChanges().map(\.level) == [true, false])
    }

    @Test("While bus mastering is off the queue stands still, and goes on afterwards")
    func busMaster() {
        let queue = device.bringUp()
        #expect(serve(queue))
        device.function.command = 2
        #expect(!serve(queue))
        device.function.command = 6
        machine.settle()
        #expect(queue.takeUsed() != nil)
        #expect(serve(queue))
    }

    @Test("Doorbells follow the BAR, and end with a reset")
    func doorbells() throws {
        let queue = device.bringUp()
        device.function.setBAR(4, to: 0x90_0000_0000, is64Bit: true)
        let moved = try #require(VirtioGuestPCI(device.function, machine.guest))
        queue.add(SampleRequest.buffers(.block, machine.guest))
        moved.notify(0)
        machine.settle()
        #expect(queue.takeUsed() != nil)
        moved.status = 0
        #expect(moved.status == 0)
        #expect(machine.hypervisor.doorbells.isEmpty)
    }

    @Test("The window in configuration space reaches the structures, and nothing else")
    func window() throws {
        let function = device.function
        let base = try #require(device.window)
        func aim(_ bar: UInt8, _ offset: UInt32, _ length: UInt32) {
            function.write8(base + 4, bar)
            function.write32(base + 8, offset)
            function.write32(base + 12, length)
        }
        // The capacity, and the status register.
        aim(4, 0x2000, 4)
        #expect(function.read32(base + 16) == 2048)
        aim(4, 20, 1)
        function.write8(base + 16, VirtioGuest.acknowledge)
        #expect(device.status == VirtioGuest.acknowledge)
        #expect(function.read8(base + 16) == VirtioGuest.acknowledge)
        // Another BAR, another width, beyond the end, odd offsets: plain storage.
        for (bar, offset, length) in [
            (UInt8(1), UInt32(20), UInt32(1)), (4, 20, 2), (4, 0x4000, 1), (4, 0xffff_fffc, 1),
        ] {
            aim(bar, offset, length)
            function.write8(base + 16, 0)
            #expect(device.status == VirtioGuest.acknowledge)
        }
        aim(4, 0x2001, 4)
        function.write32(base + 16, 0)
        #expect(device.readConfiguration(0, .eight) == 2048)
    }

    @Test("Registers are accessed with their own width only")
    func widths() {
        let common = device.function.barAddress(4)
        machine.guest.writel(common + 20, 0xffff_ff01)
        #expect(device.status == 0)
        #expect(machine.guest.readl(common + 18) == 0)
        #expect(machine.guest.readb(common + 0x800) == 0)
    }
}
