internal import Glibc
internal import Host
internal import Synchronization

/// Lines on their way to a peer that may be slow. From any thread.
final class Outbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var sent = 0
        var isBroken = false
    }

    private let state = Mutex(State())

    /// How many bytes wait.
    var count: Int { state.withLock { $0.bytes.count - $0.sent } }

    /// Whether the peer is gone; then everything is dropped.
    var isBroken: Bool { state.withLock { $0.isBroken } }

    /// Adds a line, which gets its line feed here.
    func append(_ line: [UInt8]) {
        state.withLock { state in
            guard !state.isBroken else { return }
            if state.sent == state.bytes.count {
                state.bytes.removeAll(keepingCapacity: state.bytes.capacity <= 1 << 20)
                state.sent = 0
            }
            state.bytes += line
            state.bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// Sends what the peer takes now.
    func send(to descriptor: borrowing FileDescriptor) {
        let number = descriptor.rawValue
        state.withLock { state in
            while state.sent < state.bytes.count {
                let sent = state.sent
                let count = unsafe state.bytes.withUnsafeBytes { bytes in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[sent...])
                    return unsafe Glibc.write(number, rest.baseAddress, rest.count)
                }
                if count >= 0 {
                    state.sent += count
                } else if Errno.current == .wouldBlock {
                    return
                } else if Errno.current != .interrupted {
                    state.isBroken = true
                    state.bytes = []
                    state.sent = 0
                }
            }
        }
    }
}
