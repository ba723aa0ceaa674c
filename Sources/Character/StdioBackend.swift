internal import CLinux
internal import Glibc
package import Host
package import Log

/// `stdio`: the terminal (or pipe, or file) that Apus was started on.
///
/// The open files behind descriptors 0 and 1 are shared with the shell and with whatever else runs there. So no flag is
/// set on them: where the kernel allows it standard output is opened anew for us, non-blocking; elsewhere every write
/// looks first.
package final class StdioBackend: CharacterBackend {
    package let description = "stdio"
    package let isOpen = true
    private let frontEnd = FrontEndSlot()
    private let loop: EventLoop
    private let output: OutputPort
    private let source: FrontEndSource
    private let input: InputPort
    private let terminal: Terminal?

    /// Takes standard input and output.
    ///
    /// - Parameters:
    ///   - signals: whether Ctrl-C ends Apus (`signal=on`) or goes to the guest.
    ///   - standardInput, standardOutput: the descriptors to use, borrowed; tests have others.
    package init(
        loop: EventLoop, signals: Bool, log: Log, standardInput: Int32 = 0, standardOutput: Int32 = 1
    ) throws(CharacterError) {
        self.loop = loop
        let frontEnd = self.frontEnd
        do throws(Errno) {
            let (descriptor, kind) = try StdioBackend.openOutput(standardOutput).parts()
            output = OutputPort(
                FileDescriptor(owning: descriptor), kind, loop: loop,
                writable: { frontEnd.current?.backendIsWritable() },
                failed: { error in
                    // A reader that has had enough (`| head`) is not worth a word.
                    if error.rawValue != EPIPE { log.warning("Standard output is lost from now on: \(error).") }
                })
        } catch {
            throw .cannotUseStandardStream(name: "standard output", errno: error)
        }
        source = FrontEndSource(frontEnd)
        do throws(Errno) {
            let copy = FileDescriptor(owning: try Errno.check(apus_fcntl(standardInput, F_DUPFD_CLOEXEC, 3)))
            let isSocket = try copy.status().st_mode & S_IFMT == S_IFSOCK
            input = InputPort(copy, isSocket: isSocket, loop: loop, owner: source)
        } catch {
            throw .cannotUseStandardStream(name: "standard input", errno: error)
        }
        terminal = Terminal(standardInput, signals: signals)
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
        terminal?.restore()
    }

    /// How standard output is written to.
    private struct Output: ~Copyable {
        var descriptor: FileDescriptor
        let kind: OutputPort.Kind

        consuming func parts() -> (Int32, OutputPort.Kind) {
            let kind = kind
            return (descriptor.release(), kind)
        }
    }

    private static func openOutput(_ number: Int32) throws(Errno) -> Output {
        let copy = FileDescriptor(owning: try Errno.check(apus_fcntl(number, F_DUPFD_CLOEXEC, 3)))
        let type = try copy.status().st_mode & S_IFMT
        if type == S_IFSOCK { return Output(descriptor: copy, kind: .socket) }
        if type == S_IFIFO || isatty(number) == 1 {
            do throws(Errno) {
                let path = "/proc/self/fd/\(number)"
                let own = try FileDescriptor.open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY)
                return Output(descriptor: own, kind: .plain)
            } catch {
                return Output(descriptor: copy, kind: .polled)
            }
        }
        // Files never make a writer wait.
        return Output(descriptor: copy, kind: .plain)
    }
}
