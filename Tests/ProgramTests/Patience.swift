import Glibc
import Host
import Support

/// Waiting for what another process does.
enum Patience {
    /// Looks until `condition` holds, for half a minute.
    static func wait(until condition: () -> Bool) -> Bool {
        for _ in 0..<3000 {
            if condition() { return true }
            _ = poll(nil, 0, 10)
        }
        return condition()
    }

    /// Connects to a socket that the program is about to make.
    static func connect(_ path: String, _ process: MachineProcess) throws -> FileDescriptor {
        var connection: FileDescriptor?
        _ = wait {
            connection = try? Socket.connect(to: .unix(path: path))
            return connection != nil || !process.isRunning
        }
        guard let connection else { throw Launch.Silence(description: "Nobody listens on \(path): \(process.errors)") }
        return connection
    }
}

/// Whole files.
enum TestFile {
    static func content(_ path: String) -> [UInt8] {
        guard let descriptor = try? FileDescriptor.open(path, O_RDONLY) else { return [] }
        var all: [UInt8] = []
        while let chunk = try? descriptor.bytes(at: UInt64(all.count), count: 65536), !chunk.isEmpty { all += chunk }
        return all
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        // The array outlives the call; a file takes it whole.
        _ = try unsafe bytes.withUnsafeBytes { unsafe try file.write($0) }
    }
}

/// Whether this process may use a file so; by default, whether it is there.
func isAccessible(_ path: String, _ mode: Int32 = F_OK) -> Bool {
    // The string outlives the call.
    unsafe access(path, mode) == 0
}
