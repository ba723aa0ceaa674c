package import Bus
internal import Host
package import Hypervisor
package import Memory
internal import Synchronization

/// The accelerator that runs nothing: `-accel qtest`.
///
/// ## What this module is
/// A whole machine with its real devices, real memory and real buses, but no guest. In the guest's place a test sits at
/// the other end of a socket and reads and writes ports and memory, turns the clock by hand and listens to interrupts:
///
/// ```
///   test program                     Apus
///        │   one command a line     ┌──────────────────────────────┐
///        ├──────────────────────────► QTestSession                 │
///        │ ◄── one reply a line ────┤   │ CommandRunner            │
///        │ ◄── IRQ raise N ─────────┤   ▼                          │
///                                   │ GuestView ──► RAM, devices   │
///                                   │ InterruptRecorder ◄─ devices │
///                                   │ Clock (manual)               │
///                                   └──────────────────────────────┘
/// ```
///
/// The protocol is QEMU's (docs/devel/testing/qtest), so the test programs of that world drive Apus as they are.
///
/// ## Interrupts
/// There is no interrupt controller: a line's level is recorded, and a message interrupt is what it is on the bus, a
/// write of four bytes. A test points a vector at RAM and reads what arrived.
package final class QTestMachine: Hypervisor {
    package let name = "qtest"
    /// The levels of the interrupt lines.
    package let interrupts = InterruptRecorder()
    private let memory: GuestMemory
    /// Known once the first vCPU is made; no message is sent before.
    private let view = Mutex<GuestView?>(nil)

    package init(memory: GuestMemory) { self.memory = memory }

    package var maximumVirtualCPUs: Int { 255 }

    package func makeVirtualCPU(_ index: Int, buses: Buses) throws(HypervisorError) -> any VirtualCPU {
        guard index >= 0, index < maximumVirtualCPUs else {
            throw .limit(what: "vCPUs", asked: index + 1, maximum: maximumVirtualCPUs)
        }
        view.withLock { $0 = GuestView(memory: memory, space: buses.memory) }
        do throws(Errno) {
            return try QTestVirtualCPU(index: index)
        } catch {
            throw .failed(to: "create vCPU \(index)", errno: error)
        }
    }

    /// Memory beside RAM needs no help here: the test reaches the device behind it on the bus.
    package func map(_ region: MemoryRegion, readOnly: Bool) {}
    package func unmap(_ region: MemoryRegion) {}

    // The lines' levels are their drivers' business, and the clock's owner stops and turns it.
    package func reset() {}
    package func pause() {}
    package func resume() {}

    package func set(_ line: UInt32, level: Bool) { interrupts.set(line, level: level) }

    package func makeMessageInterrupt() -> any MessageInterrupt {
        QTestMessageInterrupt { [weak self] message in self?.send(message) }
    }

    private func send(_ message: InterruptMessage) {
        guard let view = view.withLock({ $0 }) else { return }
        view.store(UInt64(message.data), at: GuestAddress(message.address), .four)
    }

    // The address space serves every doorbell by itself.
    package func bind(_ doorbell: Doorbell, in space: AddressSpace.Kind) {}
    package func unbind(_ doorbell: Doorbell, in space: AddressSpace.Kind) {}
}
