package import Host

// A character back end is the host's side of a byte stream: what `-chardev`, `-serial` and `-monitor` name. The front
// end is the guest's (or a monitor's) side: a UART, a virtio console port, QMP.
//
// ```
//        vCPU thread                                      loop thread
//   UART ──write──► backend ──write(2)──► host       host ──epoll──► backend ──receive──► UART
//     ▲                │                                                │
//     └─backendIsWritable (loop) when the host takes more               └─ asks receiveCapacity first
// ```
//
// No byte is lost and none is kept in a queue that could grow:
//
// - Out: `write` hands bytes to the kernel on the caller's own thread, without ever waiting, and answers how many went.
//   The caller keeps the rest (a UART leaves its "transmitter empty" bit clear) and comes again when
//   `backendIsWritable` tells it to. A lone byte is with the kernel before the guest's next instruction.
// - In: bytes are read from the host only as far as the front end has room for them; the rest waits in the kernel,
//   whose own flow control slows the sender.
//
// The one exception is deliberate: where nobody listens (no client on a socket, nobody at a pty, a pipe whose reader is
// gone) output is discarded, so that a guest does not stand still for want of an audience.

/// The host's side of a byte stream.
///
/// `write` and `resumeInput` come from any thread, under the front end's own lock if it likes: a back end never calls
/// its front end from inside a call. `attach`, `detach` and `close` belong to the control thread.
package protocol CharacterBackend: AnyObject, Sendable {
    /// What it is, as `query-chardev` shows it: `stdio`, `pty:/dev/pts/3`, `unix:/run/x.sock,server=on`.
    var description: String { get }

    /// Whether somebody is at the other side.
    var isOpen: Bool { get }

    /// Whether what the user types goes to this stream's front end; false for a multiplexer's other ports.
    var hasFocus: Bool { get }

    /// Makes `frontEnd` the stream's other end, in place of any before. If the stream is open already, an `opened`
    /// event follows on the loop.
    func attach(_ frontEnd: any CharacterFrontEnd)

    /// Takes the front end away: output is still accepted, input waits.
    func detach()

    /// Sends bytes, without waiting. Returns how many were taken (or discarded, where nobody listens); after fewer than
    /// all, `backendIsWritable` follows.
    func write(_ bytes: Span<UInt8>) -> Int

    /// The front end has room again, after it answered 0 to `receiveCapacity`. Cheap when nothing waits.
    func resumeInput()

    /// The oldest file descriptor that came with the input and that nobody took yet.
    func takeDescriptor() -> FileDescriptor?

    /// Ends the stream for good and gives everything back: terminal modes, socket files. Idempotent.
    func close()
}

extension CharacterBackend {
    package var hasFocus: Bool { true }

    package func takeDescriptor() -> FileDescriptor? { nil }

    /// Sends one byte; false if it was not taken.
    package func write(_ byte: UInt8) -> Bool {
        let one = CollectionOfOne(byte)
        return write(one.span) == 1
    }
}

/// The side of a byte stream that uses it.
///
/// All calls come on the back end's loop, one at a time, and never from inside a call to the back end.
package protocol CharacterFrontEnd: AnyObject, Sendable {
    /// How many bytes it can take now. After a 0 it calls `resumeInput` when that changes.
    var receiveCapacity: Int { get }

    /// Takes bytes from the host, at most as many as `receiveCapacity` last said.
    func receive(_ bytes: [UInt8])

    /// The back end takes bytes again, after a `write` that was cut short. May come without need.
    func backendIsWritable()

    /// The stream's other side changed.
    func handle(_ event: CharacterEvent)
}

/// What happens to a stream beside bytes.
package enum CharacterEvent: Sendable, Hashable {
    /// Somebody came to the other side.
    case opened
    /// They went away.
    case closed
    /// A break condition.
    case lineBreak
    /// A multiplexer gives this port the keyboard, or takes it away.
    case focused
    case unfocused
}
