package import Hypervisor
internal import Memory
internal import Synchronization

// Looking into a machine from the host's side, running or not. Control thread only.
extension Machine {
    /// Calls `body` while no vCPU is in the guest. Time goes on, and so do devices.
    private func whileParked<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        guard state.withLock({ $0.isGoing }) else { return try body() }
        for processor in processors { processor.park() }
        for processor in processors { processor.waitUntilParked() }
        defer {
            // Under the lock, so that a guest's own request, which parks them too, comes wholly before or after.
            state.withLock { state in
                if state.pending == nil { for processor in processors { processor.go() } }
            }
        }
        return try body()
    }

    /// A processor's registers, for people; nil where the accelerator has none.
    package func registers(ofProcessor index: Int) throws(HypervisorError) -> String? {
        guard processors.indices.contains(index) else { return nil }
        return try whileParked { () throws(HypervisorError) in try processors[index].cpu.registerText() }
    }

    /// `count` bytes at a linear address, through the page tables a processor uses now; nil where not all of them are
    /// mapped to RAM. Check `count` first: it is allocated.
    package func bytes(atLinear address: UInt64, count: Int, processor index: Int) -> [UInt8]? {
        guard processors.indices.contains(index), count >= 0 else { return nil }
        let page: UInt64 = 4096
        return whileParked {
            var bytes: [UInt8] = []
            while bytes.count < count {
                let position = address &+ UInt64(bytes.count)
                let length = min(count - bytes.count, Int(page - position % page))
                guard let place = processors[index].cpu.translate(position),
                    let piece = memory.bytes(at: place, count: length)
                else { return nil }
                bytes += piece
            }
            return bytes
        }
    }
}
