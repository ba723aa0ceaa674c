internal import Glibc
internal import Host
internal import Hypervisor

/// A vCPU that never executes anything. Its thread sleeps in `run` until somebody wants something of it.
final class QTestVirtualCPU: VirtualCPU {
    let index: Int
    private let kicked: EventFD

    init(index: Int) throws(Errno) {
        self.index = index
        kicked = try EventFD()
    }

    func reset() {}
    func enter(_ state: EntryState) {}

    func run() -> VirtualCPUExit {
        while !kicked.drain() {
            var waited = pollfd(fd: kicked.fileDescriptor, events: Int16(POLLIN), revents: 0)
            // An interruption is looked into by the loop.
            _ = unsafe poll(&waited, 1, -1)
        }
        return .interrupted
    }

    func kick() { kicked.signal() }
    func acknowledgeKick() { kicked.drain() }
}
