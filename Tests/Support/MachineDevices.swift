internal import Bus

/// The places of the boards, as a guest knows them from the specifications and from ACPI.
package enum MachinePlaces {
    package static let ecam: UInt64 = 0xb000_0000
    package static let virtioMMIO: UInt64 = 0xfeb0_0000
    package static let virtioMMIOStride: UInt64 = 0x200
    /// microvm's Generic Event Device: selector, sleep control, reset.
    package static let events: UInt64 = 0xfea0_0000
    /// q35's power management block.
    package static let powerManagement: UInt16 = 0x600
}

extension MachineUnderTest {
    /// Configuration space through memory.
    package var pci: PCIGuestBus { PCIGuestBus(PCIGuestECAM(guest, at: MachinePlaces.ecam)) }

    /// Configuration space through ports 0xCF8 and 0xCFC.
    package var pciByPorts: PCIGuestBus { PCIGuestBus(PCIGuestPorts(guest)) }

    /// The virtio function in a slot, decoding and mastering.
    package func virtio(slot: UInt8, bus: UInt8 = 0) -> VirtioGuestPCI? {
        let function = pci.function(bus, slot)
        guard function.exists else { return nil }
        function.command = 6
        return VirtioGuestPCI(function, guest)
    }

    /// The virtio device in one of microvm's windows.
    package func virtio(window: Int) -> VirtioGuestMMIO {
        VirtioGuestMMIO(guest, at: MachinePlaces.virtioMMIO + UInt64(window) * MachinePlaces.virtioMMIOStride)
    }

    /// The first virtio device, wherever its board has it: on q35 the first slot that is free for devices.
    package func firstVirtio(on board: String) -> (any VirtioGuestTransport)? {
        board == "microvm" ? virtio(window: 0) : virtio(slot: 1)
    }
}

/// A block device's driver, with one queue of 16 and buffers at fixed places from 1 MiB on.
package final class MachineDisk {
    private static let rings: UInt64 = 0x10_0000
    private static let header: UInt64 = 0x11_0000
    private static let status: UInt64 = 0x11_0100
    package static let data: UInt64 = 0x12_0000

    private let machine: MachineUnderTest
    package let transport: any VirtioGuestTransport
    package let queue: VirtioGuestQueue

    /// Negotiates everything offered and starts the device. `place` parts the buffers of several disks of one machine.
    package init(_ machine: MachineUnderTest, _ transport: any VirtioGuestTransport, place: UInt64 = 0) {
        self.machine = machine
        self.transport = transport
        offset = place * 0x10_0000
        transport.negotiate(transport.deviceFeatures)
        queue = VirtioGuestQueue(transport, size: 16, at: Self.rings + offset)
        transport.start()
    }

    private let offset: UInt64

    /// Where this disk's data lies in memory.
    package var data: UInt64 { Self.data + offset }

    /// Bytes of the disk, as its configuration says.
    package var size: UInt64 { transport.readConfiguration(0, .eight) * 512 }

    /// Carries out one request; the status byte, or nil if no answer comes.
    private func request(type: UInt32, sector: UInt64, _ buffers: [VirtioGuestQueue.Buffer]) -> UInt8? {
        let guest = machine.guest
        guest.writel(Self.header + offset, type)
        guest.writel(Self.header + offset + 4, 0)
        guest.writeq(Self.header + offset + 8, sector)
        guest.writeb(Self.status + offset, 0xff)
        queue.add([.readable(Self.header + offset, 16)] + buffers + [.writable(Self.status + offset, 1)])
        queue.kick()
        var isDone = false
        guard
            machine.wait(until: {
                isDone = isDone || queue.takeUsed() != nil
                return isDone
            })
        else { return nil }
        return guest.readb(Self.status + offset)
    }

    package func read(sector: UInt64, count: Int) -> [UInt8]? {
        machine.guest.write([UInt8](repeating: 0xee, count: count), at: data)
        guard request(type: 0, sector: sector, [.writable(data, UInt32(count))]) == 0 else { return nil }
        return machine.guest.bytes(at: data, count: count)
    }

    package func write(_ bytes: [UInt8], sector: UInt64) -> Bool {
        machine.guest.write(bytes, at: data)
        return request(type: 1, sector: sector, [.readable(data, UInt32(bytes.count))]) == 0
    }

    /// Discard (11) or write zeroes (13).
    package func range(type: UInt32, sector: UInt64, sectors: UInt32) -> Bool {
        machine.guest.writeq(data, sector)
        machine.guest.writel(data + 8, sectors)
        machine.guest.writel(data + 12, 0)
        return request(type: type, sector: 0, [.readable(data, 16)]) == 0
    }

    package func flush() -> Bool { request(type: 4, sector: 0, []) == 0 }

    /// What GET_ID answers, without its padding.
    package func identity() -> String? {
        guard request(type: 8, sector: 0, [.writable(data, 20)]) == 0 else { return nil }
        return String(decoding: machine.guest.bytes(at: data, count: 20).prefix { $0 != 0 }, as: UTF8.self)
    }
}
