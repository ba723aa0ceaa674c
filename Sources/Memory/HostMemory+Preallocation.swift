internal import CLinux
internal import Glibc
internal import Host
internal import Synchronization

// Touching every page before the guest starts, so that none can be missing later.
extension HostMemory {
    /// One call populates this much: what an interruption may have to wait for.
    private static let stretch = 256 << 20

    /// Gives every page to the memory now, if its backing wants that, and refuses if the host has not as many.
    ///
    /// The kernel is asked to populate the pages (madvise(2), MADV_POPULATE_WRITE), rather than each being written to:
    /// where one is missing, the call fails, and no signal is raised.
    ///
    /// - Parameter isInterrupted: asked between stretches, on any thread; true gives up.
    package func preallocate(isInterrupted: @escaping @Sendable () -> Bool = { false }) throws(MemoryError) {
        guard let wanted = backing.preallocationThreads, !backing.isReadOnly else { return }
        try checkHost()
        let total = Int(size)
        let unit = max(HostMemory.stretch, Int(clamping: pageSize))
        let stretches = (total - 1) / unit + 1
        let work = PopulationWork(stretches, isInterrupted)
        let address = UInt(bitPattern: unsafe start)
        let body: @Sendable () -> Void = {
            while let index = work.next() {
                let offset = index * unit
                let count = min(unit, total - offset)
                guard let start = unsafe UnsafeMutableRawPointer(bitPattern: address + UInt(offset)) else { return }
                while unsafe madvise(start, count, Int32(APUS_MADV_POPULATE_WRITE)) != 0 {
                    let errno = Errno.current
                    if errno == .interrupted || errno == .wouldBlock { continue }
                    return work.fail(errno)
                }
            }
        }
        // This thread is one of them; helpers that cannot be made are done without.
        let helpers = (1..<max(1, min(wanted, stretches, HostMemory.threadLimit))).compactMap { index in
            try? Thread(name: "prealloc \(index)", body)
        }
        body()
        for helper in helpers { helper.join() }
        switch work.outcome {
        case nil: return
        // No errno of madvise's: that is how the work says it was given up.
        case .interrupted?: throw .preallocationInterrupted
        case .invalid?: throw .cannotPopulate(errno: .invalid)
        case let errno?:
            throw pageSize > HostMemory.smallPageSize
                ? HugePages(size: pageSize).shortage(of: size) : .cannotPopulate(errno: errno)
        }
    }

    /// More threads than this only wait for each other.
    private static let threadLimit = 16

    /// Refuses what the host cannot have, since a host that runs out kills some process, not necessarily this one.
    private func checkHost() throws(MemoryError) {
        // Huge pages were set aside when they were mapped, and a shared file on a disk can be written back.
        guard pageSize == HostMemory.smallPageSize, !backing.isShared || isMemory else { return }
        guard let free = HostFile.meminfo("MemAvailable") else { return }
        let available = min(free + (HostFile.meminfo("SwapFree") ?? 0), ControlGroup()?.room ?? .max)
        guard size <= available else { throw .tooLittleHostMemory(needed: size, available: available) }
    }
}

/// The stretches that are still to be populated, for several threads.
private final class PopulationWork: Sendable {
    private struct State {
        var next = 0
        var failure: Errno?
    }

    private let state = Mutex(State())
    private let count: Int
    private let isInterrupted: @Sendable () -> Bool

    init(_ count: Int, _ isInterrupted: @escaping @Sendable () -> Bool) {
        self.count = count
        self.isInterrupted = isInterrupted
    }

    /// The next stretch to do; nil when none is left, or one failed.
    func next() -> Int? {
        if isInterrupted() { fail(.interrupted) }
        return state.withLock { state in
            guard state.failure == nil, state.next < count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    /// The first failure is the one that counts.
    func fail(_ errno: Errno) { state.withLock { $0.failure = $0.failure ?? errno } }

    var outcome: Errno? { state.withLock { $0.failure } }
}
