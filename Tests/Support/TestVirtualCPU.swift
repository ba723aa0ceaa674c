internal import Glibc
internal import Host
package import Hypervisor

/// A vCPU with nothing to run: `run` blocks until it is kicked.
package final class TestVirtualCPU: VirtualCPU {
    package let index: Int
    private let kicks: EventFD

    /// Nil if the host gives no eventfd.
    init?(_ index: Int) {
        guard let kicks = try? EventFD() else { return nil }
        self.index = index
        self.kicks = kicks
    }

    package func reset() throws(HypervisorError) {}
    package func enter(_ state: EntryState) throws(HypervisorError) {}

    package func run() -> VirtualCPUExit {
        var entry = pollfd(fd: kicks.fileDescriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&entry, 1, -1)
        kicks.drain()
        return .interrupted
    }

    package func kick() { kicks.signal() }
    package func acknowledgeKick() { kicks.drain() }
}
