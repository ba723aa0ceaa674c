internal import CLinux
internal import Glibc
package import Host
package import Log

/// `pipe`: a pair of FIFOs, `PATH.in` for what the guest reads and `PATH.out` for what it writes; or one file `PATH` for
/// both (a device), where there is no such pair.
///
/// Each end is opened to read and write, as QEMU does: so opening waits for nobody, and a reader or writer that leaves
/// may come back. Output that nobody reads stays in the FIFO; when that is full the guest's transmitter stays busy.
package final class PipeBackend: CharacterBackend {
    package let description = "pipe"
    package let isOpen = true
    private let frontEnd = FrontEndSlot()
    private let loop: EventLoop
    private let output: OutputPort
    private let source: FrontEndSource
    private let input: InputPort

    package init(path: String, loop: EventLoop, log: Log) throws(CharacterError) {
        self.loop = loop
        let frontEnd = self.frontEnd
        let source = FrontEndSource(frontEnd)
        self.source = source
        let reading: FileDescriptor
        let writing: FileDescriptor
        if PipeBackend.exists(path + ".in"), PipeBackend.exists(path + ".out") {
            reading = try PipeBackend.open(path + ".in")
            writing = try PipeBackend.open(path + ".out")
        } else {
            reading = try PipeBackend.open(path)
            writing = try PipeBackend.open(path)
        }
        input = InputPort(reading, isSocket: false, loop: loop, owner: source)
        output = OutputPort(
            writing, .plain, loop: loop, writable: { frontEnd.current?.backendIsWritable() },
            failed: { log.warning("Output to the pipe '\(path)' is lost from now on: \($0).") })
    }

    deinit { close() }

    package func attach(_ frontEnd: any CharacterFrontEnd) {
        self.frontEnd.set(frontEnd)
        self.frontEnd.announce(frontEnd, on: loop) { true }
        input.resume()
    }

    package func detach() { frontEnd.set(nil) }
    package func write(_ bytes: Span<UInt8>) -> Int { output.write(bytes) }
    package func resumeInput() { input.resume() }

    package func close() {
        input.close()
        output.close()
        frontEnd.set(nil)
    }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    private static func open(_ path: String) throws(CharacterError) -> FileDescriptor {
        do throws(Errno) {
            return try FileDescriptor.open(path, O_RDWR | O_NONBLOCK | O_NOCTTY)
        } catch {
            throw .cannotOpen(path: path, errno: error)
        }
    }
}
