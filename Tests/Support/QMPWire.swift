internal import Glibc

/// Reading and writing a socket with patience.
package enum QMPWire {
    /// What comes next; nil at the end, and after `seconds` of silence.
    package static func read(_ descriptor: Int32, seconds: Int32) -> [UInt8]? {
        var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&query, 1, seconds * 1000) > 0 else { return nil }
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        return Array(chunk.prefix(count))
    }

    /// Whether the other side has hung up, and everything it sent was read.
    package static func isEnded(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
    }

    /// Writes everything, waiting for room; false if the other side is gone.
    @discardableResult
    package static func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            var query = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&query, 1, 60_000) > 0 else { return false }
            // MSG_NOSIGNAL: a peer that hung up is an answer here, not a reason to die.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe send(
                    descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { done += count } else if count < 0, errno != EAGAIN, errno != EINTR { return false }
        }
        return true
    }
}
