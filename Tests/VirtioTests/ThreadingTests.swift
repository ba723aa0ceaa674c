import Block
import Bus
import Host
import Support
import Synchronization
import Testing
import Virtio

/// Devices on an iothread, driven and disturbed from other threads.
@Suite struct ThreadingTests {
    /// A loop on a thread of its own.
    final class IOThread {
        let loop: EventLoop
        private let thread: Thread

        init() throws {
            let loop = try EventLoop()
            self.loop = loop
            thread = try Thread(name: "test-io") { loop.run() }
        }

        deinit {
            loop.stop()
            thread.join()
        }
    }

    @Test("Four queues on an iothread carry each its own data", arguments: TestTransport.allCases)
    func multipleQueues(_ transport: TestTransport) throws {
        let machine = try TestMachine()
        let iothread = try IOThread()
        let file = TemporaryFile(size: 4 << 20)
        var settings = BlockSettings()
        settings.queueCount = 4
        let image = try RawImage(path: file.path)
        let disk = try VirtioBlock(image: image, settings: settings, name: "disk", on: iothread.loop, log: machine.log)
        let device = try machine.plug(disk, transport)
        device.negotiate(device.deviceFeatures)
        let queues = (UInt16(0)..<4).map { index in
            VirtioGuestQueue(device, index: index, size: 64, at: 0x1_0000 + UInt64(index) * 0x1000)
        }
        device.start()
        let guest = machine.guest
        for round in UInt64(0)..<8 {
            for (number, queue) in queues.enumerated() {
                let data = 0x20_0000 + UInt64(number) * 0x1_0000
                for slot in UInt64(0)..<16 {
                    let sector = UInt64(number) * 1024 + (round * 16 + slot) * 2
                    guest.write(
                        [UInt8](repeating: UInt8(truncatingIfNeeded: sector), count: 1024), at: data + slot * 1024)
                    let request = SampleRequest.block(
                        guest, type: 1, sector: sector, [.readable(data + slot * 1024, 1024)],
                        slot: UInt64(number) * 16 + slot)
                    queue.add(request)
                }
                queue.kick()
            }
            for queue in queues {
                var answered = 0
                while answered < 16 {
                    if queue.takeUsed() != nil { answered += 1 } else { machine.loop.turn(timeout: 1) }
                }
            }
            for slot in UInt64(0)..<64 { #expect(guest.readb(SampleRequest.status + slot) == 0) }
        }
        let bytes = file.bytes
        for number in 0..<4 {
            for index in 0..<128 {
                let sector = number * 1024 + index * 2
                #expect(bytes[sector * 512 + 1023] == UInt8(truncatingIfNeeded: sector))
            }
        }
        machine.reset()
    }

    @Test("Pause, resume and reset come through while an iothread works, and no request is lost")
    func disturbance() throws {
        let machine = try TestMachine()
        let iothread = try IOThread()
        let disk = try VirtioBlock(image: NullImage(size: 1 << 20), name: "disk", on: iothread.loop, log: machine.log)
        let device = try machine.plug(disk, .mmio)
        let guest = machine.guest
        for _ in 0..<20 {
            let queue = device.bringUp(size: 64)
            for _ in 0..<20 {
                for slot in UInt64(0)..<16 {
                    queue.add(SampleRequest.block(guest, type: 0, [.writable(0x20_0000, 512)], slot: slot))
                    if slot == 8 { queue.kick() }
                }
                machine.pause()
                let quiet = queue.usedIndex
                for _ in 0..<50 { #expect(queue.usedIndex == quiet) }
                queue.kick()
                machine.resume()
                var answered = 0
                while answered < 16 {
                    if queue.takeUsed() != nil { answered += 1 } else { machine.loop.turn(timeout: 1) }
                }
            }
            queue.add(SampleRequest.block(guest, type: 0, [.writable(0x20_0000, 512)]))
            queue.kick()
            device.status = 0
            let index = queue.usedIndex
            for _ in 0..<50 { #expect(queue.usedIndex == index) }
        }
        #expect(!device.needsReset)
        #expect(machine.logged.isEmpty)
        machine.reset()
    }
}
