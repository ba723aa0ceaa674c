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
    /// What the back end took and the log did not yet: never more than one write's worth.
    private let waiting = Mutex<[UInt8]>([])

    /// - Parameter file: the log, open and non-blocking.
    package init(
        _ backend: any CharacterBackend, file: consuming FileDescriptor, name: String, loop: EventLoop, log: Log
    ) {
        self.backend = backend
        let frontEnd = self.frontEnd
        // The front end writes again, and so flushes what waits first.
        output = OutputPort(
            file, .plain, loop: loop, writable: { frontEnd.current?.backendIsWritable() },
            failed: { log.warning("The character log '\(name)' ends here: \($0).") })
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
            if !waiting.isEmpty {
                waiting.removeFirst(output.write(waiting.span))
                guard waiting.isEmpty else { return 0 }
            }
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
            if !waiting.isEmpty { _ = output.write(waiting.span) }
            waiting = []
        }
        output.close()
        frontEnd.set(nil)
        backend.close()
    }
}
