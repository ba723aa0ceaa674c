import Block
import Host
import Support
import Testing
import Virtio

/// A disk whose event loop looks for work itself.
@Suite struct PollingTests {
    /// A loop that polls, on a thread of its own.
    private final class PollingThread {
        let loop: EventLoop
        private let thread: Thread

        init(_ settings: PollSettings) throws {
            let loop = try EventLoop(polling: settings)
            self.loop = loop
            thread = try Thread(name: "test-poll") { loop.run() }
        }

        deinit {
            loop.stop()
            thread.join()
        }
    }

    @Test(
        "Every request is answered once, polled or not, through pauses and resets",
        arguments: [
            PollSettings(maximum: 32_768), PollSettings(maximum: 1, grow: 1), PollSettings(maximum: 10_000_000, shrink: 2),
        ])
    func served(_ settings: PollSettings) throws {
        let machine = try TestMachine()
        let thread = try PollingThread(settings)
        let file = TemporaryFile(size: 1 << 20)
        for image: any BlockImage in [NullImage(size: 1 << 20), try RawImage(path: file.path)] {
            let disk = try VirtioBlock(image: image, name: "disk", on: thread.loop, log: machine.log)
            let device = try machine.plug(disk, .mmio)
            for features in [device.deviceFeatures, device.deviceFeatures & ~VirtioGuest.eventIndex] {
                let queue = device.bringUp(features: features, size: 64)
                for round in 0..<100 {
                    for slot in UInt64(0)..<(round % 2 == 0 ? 1 : 8) {
                        queue.add(SampleRequest.block(machine.guest, type: 0, [.writable(0x20_0000, 512)], slot: slot))
                    }
                    if !queue.isNotifySuppressed { queue.kick() }
                    if round % 10 == 9 {
                        machine.pause()
                        let index = queue.usedIndex
                        for _ in 0..<50 { #expect(queue.usedIndex == index) }
                        machine.resume()
                    }
                    var answered = 0
                    while answered < (round % 2 == 0 ? 1 : 8) {
                        if queue.takeUsed() != nil { answered += 1 } else { machine.loop.turn(timeout: 1) }
                    }
                }
                device.status = 0
            }
            #expect(!device.needsReset)
        }
        machine.reset()
    }

    @Test("Work that is posted does not wait for the polling to end")
    func posted() throws {
        let thread = try PollingThread(PollSettings(maximum: 1_000_000_000, grow: 1_000_000))
        let machine = try TestMachine()
        let disk = try VirtioBlock(image: NullImage(size: 1 << 20), name: "disk", on: thread.loop, log: machine.log)
        let device = try machine.plug(disk, .mmio)
        let queue = device.bringUp()
        for _ in 0..<20 {
            queue.add(SampleRequest.block(machine.guest, type: 0, [.writable(0x20_0000, 512)]))
            queue.kick()
            while queue.takeUsed() == nil { machine.loop.turn(timeout: 1) }
            let done = Guarded(false)
            thread.loop.post { done.update { $0 = true } }
            done.wait { $0 ? () : nil }
        }
        machine.reset()
    }
}
