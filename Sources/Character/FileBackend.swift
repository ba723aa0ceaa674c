internal import CLinux
internal import Glibc
package import Host
package import Log

/// `file`: output into a file, a FIFO or a device; no input.
package final class FileBackend: CharacterBackend {
    package let description: String
    package let isOpen = true
    private let frontEnd = FrontEndSlot()
    private let output: OutputPort

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

    /// Writes to a file that is open already (an fd set).
    package init(_ file: consuming FileDescriptor, name: String, loop: EventLoop, log: Log) {
        description = "file"
        let frontEnd = self.frontEnd
        output = OutputPort(
            file, .plain, loop: loop, writable: { frontEnd.current?.backendIsWritable() },
            failed: { log.warning("Output to '\(name)' is lost from now on: \($0).") })
    }

    package func attach(_ frontEnd: any CharacterFrontEnd) { self.frontEnd.set(frontEnd) }
    package func detach() { frontEnd.set(nil) }
    package func write(_ bytes: Span<UInt8>) -> Int { output.write(bytes) }
    package func resumeInput() {}

    package func close() {
        output.close()
        frontEnd.set(nil)
    }
}
