internal import CLinux
internal import Glibc
package import Host
package import Log

/// `file`: output into a file, a FIFO or a device; with `input-path`, input from another one.
package final class FileBackend: CharacterBackend {
    package let description = "file"
    package let isOpen = true
    private let frontEnd = FrontEndSlot()
    private let loop: EventLoop
    private let output: OutputPort
    private let source: FrontEndSource
    private let input: InputPort?

    /// Opens `path`, emptying it or, with `append`, writing at its end.
    package convenience init(
        path: String, append: Bool = false, loop: EventLoop, log: Log
    ) throws(CharacterError) {
        do throws(Errno) {
            let flags = O_WRONLY | O_CREAT | O_NOCTTY | (append ? O_APPEND : O_TRUNC)
            let file = try FileDescriptor.open(path, flags, mode: 0o666)
            // The open file is ours alone, so its flags are too.
            try file.setNonBlocking()
            self.init(file, name: path, loop: loop, log: log)
        } catch {
            throw .cannotOpen(path: path, errno: error)
        }
    }

    /// Takes files that are open already and non-blocking.
    ///
    /// - Parameter input: what the front end reads; nil: nothing.
    package init(
        _ file: consuming FileDescriptor, input: consuming FileDescriptor? = nil, name: String, loop: EventLoop,
        log: Log
    ) {
        self.loop = loop
        let frontEnd = self.frontEnd
        output = OutputPort(
            file, .plain, loop: loop, writable: { frontEnd.current?.backendIsWritable() },
            failed: { log.warning("Output to '\(name)' is lost from now on: \($0).") })
        let source = FrontEndSource(frontEnd)
        self.source = source
        if let input {
            self.input = InputPort(input, isSocket: false, loop: loop, owner: source)
        } else {
            self.input = nil
        }
    }

    deinit { close() }

    package func attach(_ frontEnd: any CharacterFrontEnd) {
        self.frontEnd.set(frontEnd)
        self.frontEnd.announce(frontEnd, on: loop) { true }
        input?.resume()
    }

    package func detach() { frontEnd.set(nil) }
    package func write(_ bytes: Span<UInt8>) -> Int { output.write(bytes) }
    package func resumeInput() { input?.resume() }

    package func close() {
        input?.close()
        output.close()
        frontEnd.set(nil)
    }
}
