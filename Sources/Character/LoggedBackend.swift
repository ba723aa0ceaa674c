package import Host
package import Log
internal import Synchronization

/// `logfile=`: any back end, with a copy of what the guest writes in a file.
///
/// The copy holds exactly the bytes that the back end took, in their order. A log that takes no more (a pipe whose reader
/// is slow) makes the guest wait, as the back end itself would.
package final class LoggedBackend: CharacterBackend {
    private let backend: any CharacterBackend
    private let frontEnd = FrontEndSlot()
    private let output: OutputPort
    private let owner: Owner
    /// What the back end took and the log did not yet: never more than one write's worth.
    private let waiting = Mutex<[UInt8]>([])

    /// - Parameter file: the log, open and non-blocking.
    package init(
        _ backend: any CharacterBackend, file: consuming FileDescriptor, name: String, loop: EventLoop, log: Log
    ) {
        self.backend = backend
        let owner = Owner()
        self.owner = owner
        output = OutputPort(
            file, .plain, loop: loop, writable: { owner.current?.logIsWritable() },
            failed: { log.warning("The character log '\(name)' ends here: \($0).") })
        owner.set(self)
    }

    /// Whom the log's port tells that it takes bytes again; apart, so that the port can be made before the back end is.
    private final class Owner: Sendable {
        private struct Reference { weak var backend: LoggedBackend? }

        private let reference = Mutex(Reference())
        var current: LoggedBackend? { reference.withLock { $0.backend } }
        func set(_ backend: LoggedBackend) { reference.withLock { $0.backend = backend } }
    }

    private func logIsWritable() {
        let isFree = waiting.withLock { flush(&$0) }
        if isFree { frontEnd.current?.backendIsWritable() }
    }

    /// Writes what waits for the log; whether nothing is left.
    private func flush(_ waiting: inout [UInt8]) -> Bool {
        if !waiting.isEmpty { waiting.removeFirst(output.write(waiting.span)) }
        return waiting.isEmpty
    }

    package var description: String { backend.description }
    package var isOpen: Bool { backend.isOpen }

    package func attach(_ frontEnd: any CharacterFrontEnd) {
        self.frontEnd.set(frontEnd)
        backend.attach(frontEnd)
    }

    package func detach() {
        frontEnd.set(nil)
        backend.detach()
    }

    package func write(_ bytes: Span<UInt8>) -> Int {
        waiting.withLock { waiting in
            guard flush(&waiting) else { return 0 }
            let taken = backend.write(bytes)
            var logged = 0
            if taken > 0 { logged = output.write(bytes.extracting(0..<taken)) }
            for index in logged..<taken { waiting.append(bytes[index]) }
            return taken
        }
    }

    package func resumeInput() { backend.resumeInput() }
    package func takeDescriptor() -> FileDescriptor? { backend.takeDescriptor() }

    package func close() {
        waiting.withLock { waiting in
            _ = flush(&waiting)
            waiting = []
        }
        output.close()
        frontEnd.set(nil)
        backend.close()
    }
}
