import Block
import Bus
import Host
import Support
import Testing
import Virtio

/// What a guest's driver sees of a disk.
@Suite struct BlockDeviceTests {
    static let data: UInt64 = 0x20_0000

    let machine: TestMachine
    init() throws { machine = try TestMachine() }

    /// A disk on a file, brought up behind virtio-mmio.
    private func plug(
        _ file: TemporaryFile, native: Bool = false,
        _ change: (inout BlockSettings, inout ImageOptions) -> Void = { _, _ in }
    ) throws -> (any VirtioGuestTransport, VirtioGuestQueue) {
        var settings = BlockSettings()
        var options = ImageOptions()
        if native {
            options.direct = true
            options.engine = .native
        }
        change(&settings, &options)
        let image = try RawImage(path: file.path, options: options)
        let disk = try VirtioBlock(image: image, settings: settings, name: "disk", on: machine.loop, log: machine.log)
        let device = try machine.plug(disk, .mmio)
        return (device, device.bringUp(size: 128))
    }

    /// One request, waited for: its status byte and the length the device reported.
    @discardableResult
    private func request(
        _ queue: VirtioGuestQueue, _ type: UInt32, sector: UInt64 = 0, _ data: [VirtioGuestQueue.Buffer] = []
    ) -> (status: UInt8, written: UInt32) {
        let head = queue.add(SampleRequest.block(machine.guest, type: type, sector: sector, data))
        queue.kick()
        var used: (head: UInt16, written: UInt32)?
        machine.turn {
            used = queue.takeUsed()
            return used != nil
        }
        #expect(used?.head == head)
        return (machine.guest.readb(SampleRequest.status), used?.written ?? 0)
    }

    private func pattern(_ count: Int, seed: Int = 1) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 256 &* 7 &+ seed) }
    }

    @Test("Sectors written by a guest are in the file and read back", arguments: [false, true])
    func dataPath(_ native: Bool) throws {
        let file = TemporaryFile(size: 1 << 20)
        let (_, queue) = try plug(file, native: native)
        let bytes = pattern(8192)
        machine.guest.write(bytes, at: Self.data)
        let write = request(queue, 1, sector: 3, [.readable(Self.data, 4096), .readable(Self.data + 4096, 4096)])
        #expect(write == (0, 1))
        #expect(request(queue, 4) == (0, 1))
        #expect(Array(file.bytes[1536..<1536 + 8192]) == bytes)
        let read = request(
            queue, 0, sector: 3, [.writable(Self.data + 0x10000, 512), .writable(Self.data + 0x10200, 7680)])
        #expect(read == (0, 8193))
        #expect(machine.guest.bytes(at: Self.data + 0x10000, count: 8192) == bytes)
    }

    @Test("Buffers at odd guest addresses work", arguments: [false, true])
    func unaligned(_ native: Bool) throws {
        let file = TemporaryFile(pattern(65536))
        let (_, queue) = try plug(file, native: native)
        #expect(
            request(queue, 0, sector: 2, [.writable(Self.data + 3, 511), .writable(Self.data + 514, 1)]).status == 0)
        #expect(machine.guest.bytes(at: Self.data + 3, count: 512) == Array(pattern(65536)[1024..<1536]))
    }

    @Test("Header, data and status may share buffers or be cut anywhere")
    func anyLayout() throws {
        let file = TemporaryFile(size: 65536)
        let (_, queue) = try plug(file)
        // A write whose header and data are one buffer.
        machine.guest.writel(Self.data, 1)
        machine.guest.writeq(Self.data + 8, 5)
        machine.guest.write(pattern(512), at: Self.data + 16)
        queue.add([.readable(Self.data, 528), .writable(Self.data + 0x1000, 1)])
        // A read whose header is cut in two and whose data and status are one buffer.
        machine.guest.writel(Self.data + 0x2000, 0)
        machine.guest.writeq(Self.data + 0x2008, 5)
        queue.kick()
        machine.turn { queue.takeUsed() != nil }
        queue.add([
            .readable(Self.data + 0x2000, 3), .readable(Self.data + 0x2003, 13), .writable(Self.data + 0x3000, 513),
        ])
        queue.kick()
        machine.turn { queue.takeUsed() != nil }
        #expect(machine.guest.bytes(at: Self.data + 0x3000, count: 513) == pattern(512) + [0])
    }

    @Test("Requests outside the disk, or not of whole sectors, fail and harm nothing")
    func bounds() throws {
        let file = TemporaryFile(pattern(65536))
        let (device, queue) = try plug(file)
        let last: UInt64 = 127
        #expect(request(queue, 0, sector: last, [.writable(Self.data, 512)]).status == 0)
        for sector in [last + 1, last + 2, 1 << 55, .max, .max >> 9, UInt64(1) << 63] {
            #expect(request(queue, 0, sector: sector, [.writable(Self.data, 512)]).status == 1)
            #expect(request(queue, 1, sector: sector, [.readable(Self.data, 512)]).status == 1)
        }
        #expect(request(queue, 0, sector: last, [.writable(Self.data, 1024)]).status == 1)
        #expect(request(queue, 0, sector: 0, [.writable(Self.data, 511)]).status == 1)
        #expect(request(queue, 1, sector: 0, [.readable(Self.data, 513)]).status == 1)
        #expect(file.bytes == pattern(65536))
        #expect(!device.needsReset)
    }

    @Test("A disk with large blocks refuses parts of them")
    func largeBlocks() throws {
        let file = TemporaryFile(size: 65536)
        let (device, queue) = try plug(file) { settings, _ in settings.logicalBlockSize = 4096 }
        #expect(device.readConfiguration(20, .four) == 4096)
        #expect(request(queue, 0, sector: 1, [.writable(Self.data, 4096)]).status == 1)
        #expect(request(queue, 0, sector: 8, [.writable(Self.data, 512)]).status == 1)
        #expect(request(queue, 0, sector: 8, [.writable(Self.data, 4096)]).status == 0)
    }

    @Test("The serial number comes back, cut to 20 bytes and to the buffer")
    func identifier() throws {
        let file = TemporaryFile(size: 512)
        let (_, queue) = try plug(file) { settings, _ in settings.serial = "0123456789abcdefghijklmn" }
        #expect(request(queue, 8, [.writable(Self.data, 20)]) == (0, 21))
        #expect(machine.guest.bytes(at: Self.data, count: 20) == Array("0123456789abcdefghij".utf8))
        #expect(request(queue, 8, [.writable(Self.data + 64, 4)]) == (0, 5))
        #expect(machine.guest.bytes(at: Self.data + 64, count: 5) == Array("0123".utf8) + [0])
    }

    @Test("A read-only disk says so and takes no writes")
    func readOnly() throws {
        let file = TemporaryFile(pattern(4096))
        let (device, queue) = try plug(file) { _, options in options.isReadOnly = true }
        #expect(device.deviceFeatures & 1 << 5 != 0)
        #expect(device.deviceFeatures & (1 << 13 | 1 << 14) == 0)
        #expect(request(queue, 1, [.readable(Self.data, 512)]).status == 1)
        machine.guest.writeq(Self.data, 0)
        machine.guest.writeq(Self.data + 8, 1)
        #expect(request(queue, 13, [.readable(Self.data, 16)]).status == 1)
        #expect(request(queue, 0, [.writable(Self.data, 512)]).status == 0)
        #expect(file.bytes == pattern(4096))
    }

    @Test("Request types that do not exist are unsupported")
    func unknownType() throws {
        let (_, queue) = try plug(TemporaryFile(size: 512))
        for type in [UInt32(2), 5, 10, 14, 0x8000_0000, .max] {
            #expect(request(queue, type, [.writable(Self.data, 512)]).status == 2)
        }
    }

    @Test("Discard and write zeroes do what their range says, and check it")
    func ranges() throws {
        let file = TemporaryFile(pattern(1 << 20))
        let (_, queue) = try plug(file) { _, options in options.discard = .unmap }
        func range(_ type: UInt32, _ sector: UInt64, _ count: UInt32, flags: UInt32 = 0, length: UInt32 = 16) -> UInt8 {
            machine.guest.writeq(Self.data, sector)
            machine.guest.writel(Self.data + 8, count)
            machine.guest.writel(Self.data + 12, flags)
            return request(queue, type, [.readable(Self.data, length)]).status
        }
        #expect(range(13, 1, 2) == 0)
        #expect(range(13, 8, 8, flags: 1) == 0)
        #expect(range(11, 128, 128) == 0)
        #expect(range(11, 0, 1, flags: 1) == 2)
        #expect(range(13, 0, 1, flags: 2) == 2)
        #expect(range(13, 2047, 2) == 1)
        #expect(range(13, .max, 1) == 1)
        #expect(range(13, 0, .max) == 1)
        #expect(range(13, 0, 1, length: 32) == 1)
        var expected = pattern(1 << 20)
        for sectors in [1..<3, 8..<16, 128..<256] {
            let bytes = sectors.lowerBound * 512..<sectors.upperBound * 512
            expected.replaceSubrange(bytes, with: repeatElement(0, count: bytes.count))
        }
        #expect(file.bytes == expected)
    }

    @Test("The configuration space tells size, limits, queues and cache")
    func configuration() throws {
        let (device, _) = try plug(TemporaryFile(size: 1 << 20)) { settings, _ in
            settings.queueCount = 4
            settings.physicalBlockSize = 4096
        }
        #expect(device.readConfiguration(0, .eight) == 2048)
        #expect(device.readConfiguration(12, .four) == 254)
        #expect(device.readConfiguration(20, .four) == 512)
        #expect(device.readConfiguration(24, .one) == 3)
        #expect(device.readConfiguration(34, .two) == 4)
        #expect(device.maximumSize(ofQueue: 3) == 256)
        #expect(device.readConfiguration(32, .one) == 1)
        device.writeConfiguration(32, 0, .one)
        #expect(device.readConfiguration(32, .one) == 0)
        device.status = 0
        #expect(device.readConfiguration(32, .one) == 1)
    }

    @Test("A driver without flush gets write-through, and cannot switch what it did not accept")
    func writeThrough() throws {
        let image = FailingImage(failing: [.flush])
        let disk = try VirtioBlock(image: image, name: "disk", on: machine.loop, log: machine.log)
        let device = try machine.plug(disk, .mmio)
        var queue = device.bringUp(features: VirtioGuest.version1)
        #expect(device.readConfiguration(32, .one) == 0)
        device.writeConfiguration(32, 1, .one)
        #expect(device.readConfiguration(32, .one) == 0)
        // The flush behind the write fails, so the write has failed.
        #expect(request(queue, 1, [.readable(Self.data, 512)]).status == 1)
        #expect(request(queue, 0, [.writable(Self.data, 512)]).status == 0)

        queue = device.bringUp(features: VirtioGuest.version1 | 1 << 9)
        #expect(request(queue, 1, [.readable(Self.data, 512)]).status == 0)
    }

    @Test("A host I/O error becomes IOERR and a line in the log, and the disk goes on")
    func hostError() throws {
        let image = FailingImage(failing: [.write])
        let disk = try VirtioBlock(image: image, name: "disk", on: machine.loop, log: machine.log)
        let device = try machine.plug(disk, .mmio)
        let queue = device.bringUp()
        for _ in 0..<20 { #expect(request(queue, 1, [.readable(Self.data, 512)]).status == 1) }
        #expect(request(queue, 0, [.writable(Self.data, 512)]).status == 0)
        #expect(machine.logged.count == 5)
        #expect(machine.logged.first?.contains("disk: the host failed a request") == true)
        #expect(!device.needsReset)
    }

    @Test("A chain without room for its status asks for a reset")
    func noStatus() throws {
        let (device, queue) = try plug(TemporaryFile(size: 512))
        queue.add([.readable(SampleRequest.base, 16)])
        queue.kick()
        machine.settle()
        #expect(device.needsReset)
        #expect(machine.logged.last?.hasSuffix("The request has no room for its status.") == true)
    }

    @Test("A full queue of requests is answered with one interrupt for each batch")
    func batch() throws {
        let image = NullImage(size: 1 << 20)
        let disk = try VirtioBlock(image: image, name: "disk", on: machine.loop, log: machine.log)
        let device = try machine.plug(disk, .mmio)
        let queue = device.bringUp(features: VirtioGuest.version1, size: 128)
        for slot in UInt64(0)..<42 {
            queue.add(SampleRequest.block(machine.guest, type: 0, [.writable(Self.data, 512)], slot: slot))
        }
        _ = machine.hypervisor.takeLineChanges()
        queue.kick()
        machine.settle()
        #expect(queue.usedIndex == 42)
        #expect(machine.hypervisor.takeLineChanges().count == 1)
        for slot in UInt64(0)..<42 { #expect(machine.guest.readb(SampleRequest.status + slot) == 0) }
    }

    @Test("Pause sees requests in flight through, and none of them twice", arguments: [false, true])
    func pauseInFlight(_ native: Bool) throws {
        let file = TemporaryFile(pattern(1 << 20))
        let (_, queue) = try plug(file, native: native)
        for _ in 0..<10 {
            for slot in UInt64(0)..<32 {
                queue.add(
                    SampleRequest.block(
                        machine.guest, type: 0, sector: slot * 8, [.writable(Self.data + slot * 4096, 4096)], slot: slot
                    ))
            }
            queue.kick()
            machine.loop.turn(timeout: 0)
            machine.pause()
            let index = queue.usedIndex
            machine.settle()
            #expect(queue.usedIndex == index)
            machine.resume()
            var answered = 0
            machine.turn {
                while queue.takeUsed() != nil { answered += 1 }
                return answered == 32
            }
            #expect(machine.guest.bytes(at: Self.data, count: 4096) == Array(pattern(4096)))
        }
    }
}
