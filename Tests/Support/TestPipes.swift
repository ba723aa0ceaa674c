package import Host
internal import Glibc

/// Descriptors and files for tests, from the operating system's side.
package enum TestPipes {
    /// Two connected unix sockets, by number; the caller owns both.
    ///
    /// - Parameter sendBuffer: how little the first one may hold for the second.
    package static func sockets(sendBuffer: Int32? = nil) throws -> (Int32, Int32) {
        var numbers: [Int32] = [-1, -1]
        try Errno.check(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &numbers))
        if var size = sendBuffer {
            try Errno.check(
                unsafe setsockopt(numbers[0], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size)))
        }
        return (numbers[0], numbers[1])
    }

    /// The reading and the writing end of a pipe; the caller owns both.
    package static func pipe() throws -> (reading: Int32, writing: Int32) {
        var numbers: [Int32] = [-1, -1]
        try Errno.check(unsafe Glibc.pipe(&numbers))
        return (numbers[0], numbers[1])
    }

    /// What can be read from `descriptor` now, up to `limit` bytes, without waiting.
    package static func drain(_ descriptor: Int32, limit: Int = .max) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < limit {
            var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&query, 1, 0) > 0, query.revents & Int16(POLLIN) != 0 else { break }
            var chunk = [UInt8](repeating: 0, count: min(4096, limit - all.count))
            let count = unsafe read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            all += chunk.prefix(count)
        }
        return all
    }

    /// Writes as much of `bytes` as goes without waiting, and returns how much that was.
    package static func fill(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
        var done = 0
        while done < bytes.count {
            var query = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&query, 1, 0) > 0, query.revents & Int16(POLLOUT) != 0 else { break }
            let piece = Array(bytes.dropFirst(done).prefix(512))
            let count = unsafe write(descriptor, piece, piece.count)
            guard count > 0 else { break }
            done += count
        }
        return done
    }

    /// A fresh directory, removed with the object.
    package final class Directory: Sendable {
        package let path: String

        package init() throws {
            var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
            guard let made = unsafe mkdtemp(&template) else { throw Errno.current }
            path = unsafe String(cString: made)
        }

        deinit {
            // Tests make plain files only.
            if let directory = unsafe opendir(path) {
                while let entry = unsafe readdir(directory) {
                    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                    }
                    _ = unsafe unlink("\(path)/\(name)")
                }
                unsafe closedir(directory)
            }
            _ = unsafe rmdir(path)
        }

        package func file(_ name: String) -> String { "\(path)/\(name)" }
    }
}

extension EventLoop {
    /// Turns the loop by hand until `condition` holds; false if it still does not after very many turns.
    package func turn(until condition: () -> Bool) -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            turn(timeout: 5)
        }
        return condition()
    }

    /// Turns the loop until nothing is ready.
    package func settle() {
        for _ in 0..<20 { turn(timeout: 0) }
    }
}
