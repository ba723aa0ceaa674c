import Glibc
import Host
import Support
import Testing
import Virtio

/// What a guest's driver sees of a source of random numbers.
@Suite struct EntropyTests {
    static let data: UInt64 = 0x20_0000

    let machine: TestMachine
    init() throws { machine = try TestMachine() }

    private func plug(
        _ source: EntropySource = .kernel, quota: EntropyQuota? = nil
    ) throws -> (any VirtioGuestTransport, VirtioGuestQueue) {
        let entropy = VirtioEntropy(
            source, quota: quota, clock: machine.clock, name: "rng", on: machine.loop, log: machine.log)
        let device = try machine.plug(entropy, .mmio)
        return (device, device.bringUp())
    }

    private func draw(_ queue: VirtioGuestQueue, _ count: UInt32, at address: UInt64 = data) -> UInt32? {
        queue.add([.writable(address, count)])
        queue.kick()
        machine.settle()
        return queue.takeUsed()?.written
    }

    @Test("Buffers are filled with different bytes each time")
    func kernel() throws {
        let (_, queue) = try plug()
        #expect(draw(queue, 64) == 64)
        let first = machine.guest.bytes(at: Self.data, count: 64)
        #expect(draw(queue, 64) == 64)
        #expect(machine.guest.bytes(at: Self.data, count: 64) != first)
    }

    @Test("A request for more than is given at once is answered with less")
    func large() throws {
        let (_, queue) = try plug()
        #expect(draw(queue, 4 << 20) == 65536)
    }

    @Test("A file's bytes come in order, and its end is logged")
    func file() throws {
        let file = TemporaryFile(Array(0..<100))
        let (device, queue) = try plug(.file(EntropyFile(path: file.path)))
        #expect(draw(queue, 64) == 64)
        #expect(machine.guest.bytes(at: Self.data, count: 64) == Array(0..<64))
        #expect(draw(queue, 64) == 36)
        #expect(draw(queue, 64) == nil)
        #expect(!device.needsReset)
        #expect(machine.logged == ["rng: the source of random numbers has ended."])
    }

    @Test("A request waits for a source that has nothing yet, also through a pause")
    func pipe() throws {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe Glibc.pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let (_, queue) = try plug(.file(EntropyFile(path: "/proc/self/fd/\(ends[0])")))
        #expect(draw(queue, 64) == nil)
        machine.pause()
        machine.resume()
        machine.settle()
        #expect(queue.takeUsed() == nil)
        #expect(unsafe write(ends[1], "abcd", 4) == 4)
        machine.settle()
        #expect(queue.takeUsed()?.written == 4)
        #expect(machine.guest.bytes(at: Self.data, count: 4) == Array("abcd".utf8))
        #expect(machine.logged.isEmpty)
    }

    @Test("A missing file and a directory are refused by name")
    func wrongFiles() {
        #expect(throws: EntropyError.cannotOpen(path: "/nonexistent", errno: .notFound)) {
            try EntropyFile(path: "/nonexistent")
        }
        #expect(throws: EntropyError.isDirectory(path: "/tmp")) { try EntropyFile(path: "/tmp") }
    }

    @Test("A quota holds requests back until its period has passed")
    func quota() throws {
        let (_, queue) = try plug(quota: EntropyQuota(bytes: 100, milliseconds: 1000))
        #expect(draw(queue, 64) == 64)
        #expect(draw(queue, 64) == 36)
        #expect(draw(queue, 64) == nil)
        machine.clock.advance(to: 999_999_999)
        machine.settle()
        #expect(queue.takeUsed() == nil)
        machine.clock.advance(to: 1_000_000_000)
        machine.settle()
        #expect(queue.takeUsed()?.written == 64)
    }

    @Test("A request that waits for the quota survives a pause, and a reset drops it")
    func waiting() throws {
        let (device, queue) = try plug(quota: EntropyQuota(bytes: 64, milliseconds: 1000))
        #expect(draw(queue, 64) == 64)
        #expect(draw(queue, 64) == nil)
        machine.pause()
        machine.resume()
        machine.settle()
        #expect(queue.takeUsed() == nil)
        machine.clock.advance(to: 1_000_000_000)
        machine.settle()
        #expect(queue.takeUsed()?.written == 64)
        #expect(draw(queue, 64) == nil)
        device.status = 0
        let fresh = device.bringUp()
        #expect(draw(fresh, 64) == 64)
    }
}
