import Block
import Bus
import Host
import Support
import Synchronization
import Testing
import Virtio

/// `rerror` and `werror`: what becomes of requests that the host fails.
@Suite struct BlockErrorTests {
    private final class Failures: Sendable {
        let all = Mutex<[BlockFailure]>([])
        var actions: [BlockFailure.Action] { all.withLock { $0.map(\.action) } }
    }

    private static let data: UInt64 = 0x20_0000
    private let machine: TestMachine
    private let failures = Failures()
    init() throws { machine = try TestMachine() }

    private func plug(
        _ image: FailingImage, writeCache: Bool = true, _ change: (inout BlockErrorPolicy) -> Void = { _ in }
    ) throws -> (VirtioBlock, any VirtioGuestTransport, VirtioGuestQueue) {
        var settings = BlockSettings()
        settings.writeCache = writeCache
        change(&settings.errors)
        let failures = failures
        let disk = try VirtioBlock(image: image, settings: settings, name: "disk", on: machine.loop, log: machine.log) {
            failure in failures.all.withLock { $0.append(failure) }
        }
        let device = try machine.plug(disk, .mmio)
        return (disk, device, device.bringUp(size: 64))
    }

    /// Makes `count` requests available, whose status bytes are one after another.
    private func add(_ queue: VirtioGuestQueue, _ type: UInt32, count: UInt64 = 1) {
        for slot in 0..<count {
            let buffer: VirtioGuestQueue.Buffer = type == 0 ? .writable(Self.data, 512) : .readable(Self.data, 512)
            queue.add(SampleRequest.block(machine.guest, type: type, sector: slot, [buffer], slot: slot))
        }
        queue.kick()
        machine.settle()
    }

    private func statuses(_ count: UInt64) -> [UInt8] {
        (0..<count).map { machine.guest.readb(SampleRequest.status + $0) }
    }

    @Test("report: the guest gets IOERR; ignore: the guest gets OK")
    func reportAndIgnore() throws {
        let (disk, _, queue) = try plug(FailingImage(failing: [.read, .write])) {
            $0.reads = .report
            $0.writes = .ignore
        }
        add(queue, 0)
        #expect(statuses(1) == [1])
        add(queue, 1)
        #expect(statuses(1) == [0])
        #expect(failures.actions == [.report, .ignore])
        #expect(disk.health == .ok)
        #expect(disk.statistics.reads.failed == 1 && disk.statistics.writes.failed == 1)
    }

    @Test("Writes stop by default when there is no space left, and report any other error")
    func defaults() throws {
        let (full, _, queue) = try plug(FailingImage(failing: [.write], with: .noSpace))
        add(queue, 1)
        #expect(queue.usedIndex == 0 && full.health == .noSpace)
        let (broken, _, other) = try plug(FailingImage(failing: [.write], with: .ioError))
        add(other, 1)
        #expect(other.usedIndex == 1 && broken.health == .ok)
        #expect(failures.actions == [.stop, .report])
    }

    @Test(
        "stop: the request is kept, and tried again when the device goes on, until it succeeds",
        arguments: [true, false])
    func stop(_ writeCache: Bool) throws {
        let image = FailingImage(failing: writeCache ? [.write] : [.flush])
        let (disk, device, queue) = try plug(image, writeCache: writeCache) { $0.writes = .stop }
        add(queue, 1, count: 5)
        #expect(queue.usedIndex == 0 && statuses(5) == [0xff, 0xff, 0xff, 0xff, 0xff])
        #expect(disk.health == .failed)
        // Other requests are served meanwhile.
        queue.add(SampleRequest.block(machine.guest, type: 0, [.writable(Self.data, 512)], slot: 5))
        queue.kick()
        machine.settle()
        #expect(queue.usedIndex == 1)

        machine.pause()
        machine.resume()
        machine.settle()
        #expect(queue.usedIndex == 1 && failures.actions.count == 10)
        #expect(disk.health == .failed)

        machine.pause()
        image.fail([])
        machine.resume()
        machine.settle()
        #expect(statuses(6) == [0, 0, 0, 0, 0, 0] && disk.health == .ok)
        var heads: Set<UInt16> = []
        while let used = queue.takeUsed() { heads.insert(used.head) }
        #expect(heads.count == 6 && queue.usedIndex == 6)
        #expect(disk.statistics.writes.operations == 5)
        #expect(!device.needsReset)
    }

    @Test("A reset forgets what failed; all slots are free again")
    func reset() throws {
        let image = FailingImage(failing: [.read])
        let (disk, device, queue) = try plug(image) { $0.reads = .stop }
        add(queue, 0, count: 20)
        #expect(queue.usedIndex == 0)
        machine.pause()
        image.fail([])
        device.status = 0
        #expect(disk.health == .ok)
        machine.resume()
        let again = device.bringUp(size: 64)
        machine.settle()
        #expect(again.usedIndex == 0)
        for _ in 0..<30 {
            add(again, 0, count: 16)
            while again.takeUsed() != nil {}
        }
        #expect(again.usedIndex == 480)
    }

    @Test("A queue that is set up anew without a reset gets nothing of what failed on the old one")
    func otherQueue() throws {
        let image = FailingImage(failing: [.read])
        let (_, device, queue) = try plug(image) { $0.reads = .stop }
        add(queue, 0, count: 3)
        let mmio = try #require(device as? VirtioGuestMMIO)
        mmio.write(0x030, 0)
        mmio.write(0x044, 0)
        image.fail([])
        let other = VirtioGuestQueue(device, size: 64, at: 0x2_0000)
        machine.settle()
        #expect(other.usedIndex == 0 && queue.usedIndex == 0)
        add(other, 0)
        #expect(other.usedIndex == 1)
    }

    @Test("A disk that shrank meanwhile fails what lies past its end")
    func shrunk() throws {
        let image = FailingImage(failing: [.read])
        let (disk, _, queue) = try plug(image) { $0.reads = .stop }
        add(queue, 0, count: 4)
        machine.pause()
        image.fail([])
        disk.setCapacity(1024)
        machine.resume()
        machine.settle()
        #expect(statuses(4) == [0, 0, 1, 1])
    }
}
