package import Bus
package import Hypervisor
package import Memory
internal import Synchronization

/// An accelerator without a processor that remembers what devices did to it.
package final class TestHypervisor: Hypervisor {
    /// A level that a device set.
    package struct LineChange: Sendable, Equatable {
        package let line: UInt32
        package let level: Bool

        package init(_ line: UInt32, _ level: Bool) {
            self.line = line
            self.level = level
        }
    }

    private struct State {
        var levels: [UInt32: Bool] = [:]
        var changes: [LineChange] = []
        var messages: [InterruptMessage] = []
        var interruptsMade = 0
        var doorbells: [Doorbell] = []
        var regions: [GuestRange] = []
        var resets = 0
    }

    package let name = "test"
    package let maximumVirtualCPUs = 255
    private let interruptLimit: Int
    private let state = Mutex(State())

    /// - Parameter interruptLimit: how many message interrupts can be made before it refuses.
    package init(interruptLimit: Int = .max) { self.interruptLimit = interruptLimit }

    // MARK: What happened

    package func level(of line: UInt32) -> Bool { state.withLock { $0.levels[line] ?? false } }

    /// Every call of `set` since the last question.
    package func takeLineChanges() -> [LineChange] {
        state.withLock { state in
            defer { state.changes = [] }
            return state.changes
        }
    }

    /// Every message sent since the last question.
    package func takeMessages() -> [InterruptMessage] {
        state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }

    package var interruptsMade: Int { state.withLock { $0.interruptsMade } }
    package var doorbells: [Doorbell] { state.withLock { $0.doorbells } }
    package var mappedRegions: [GuestRange] { state.withLock { $0.regions } }
    package var resets: Int { state.withLock { $0.resets } }

    // MARK: Hypervisor

    package func makeVirtualCPU(_ index: Int, buses: Buses) throws(HypervisorError) -> any VirtualCPU {
        guard let cpu = TestVirtualCPU(index) else {
            throw .limit(what: "vCPUs", asked: index + 1, maximum: maximumVirtualCPUs)
        }
        return cpu
    }

    package func map(_ region: MemoryRegion, readOnly: Bool) throws(HypervisorError) {
        state.withLock { $0.regions.append(region.range) }
    }

    package func unmap(_ region: MemoryRegion) throws(HypervisorError) {
        state.withLock { state in state.regions.removeAll { $0 == region.range } }
    }

    package func reset() { state.withLock { $0.resets += 1 } }
    package func pause() {}
    package func resume() {}

    package func set(_ line: UInt32, level: Bool) {
        state.withLock { state in
            state.levels[line] = level
            state.changes.append(LineChange(line, level))
        }
    }

    package func makeMessageInterrupt() throws(InterruptError) -> any MessageInterrupt {
        let isAllowed = state.withLock { state in
            guard state.interruptsMade < interruptLimit else { return false }
            state.interruptsMade += 1
            return true
        }
        guard isAllowed else { throw .cannotRoute(reason: "the test allows \(interruptLimit)") }
        return TestMessageInterrupt(self)
    }

    package func bind(_ doorbell: Doorbell, in space: AddressSpace.Kind) {
        state.withLock { $0.doorbells.append(doorbell) }
    }

    package func unbind(_ doorbell: Doorbell, in space: AddressSpace.Kind) {
        state.withLock { state in state.doorbells.removeAll { $0 == doorbell } }
    }

    fileprivate func send(_ message: InterruptMessage) { state.withLock { $0.messages.append(message) } }
}

/// Sends to the hypervisor's list.
private final class TestMessageInterrupt: MessageInterrupt {
    private let hypervisor: TestHypervisor
    private let message = Mutex<InterruptMessage?>(nil)

    init(_ hypervisor: TestHypervisor) { self.hypervisor = hypervisor }

    func route(_ message: InterruptMessage?) { self.message.withLock { $0 = message } }

    func signal() {
        if let message = message.withLock({ $0 }) { hypervisor.send(message) }
    }

    var eventDescriptor: Int32? { nil }
}
