import CLinux
import Glibc
import Host
import Support

extension TestPipes.Directory {
    /// Makes a disk image whose every sector begins with its number.
    func makeImage(_ name: String, megabytes: Int) throws {
        var bytes = [UInt8](repeating: 0, count: megabytes << 20)
        for sector in 0..<bytes.count / 512 {
            bytes[sector * 512] = UInt8(truncatingIfNeeded: sector)
            bytes[sector * 512 + 1] = UInt8(truncatingIfNeeded: sector >> 8)
        }
        try write(bytes, to: name)
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        let file = try FileDescriptor.open(self.file(name), O_WRONLY | O_CREAT | O_TRUNC)
        var done = 0
        while done < bytes.count {
            // The array outlives the call.
            done += try unsafe bytes.withUnsafeBytes {
                unsafe try file.write(UnsafeRawBufferPointer(rebasing: $0[done...]))
            }
        }
    }

    /// The whole content of a file; empty if there is none.
    func content(of name: String) -> [UInt8] {
        guard let file = try? FileDescriptor.open(self.file(name), O_RDONLY), let size = try? file.status().st_size
        else { return [] }
        return (try? file.bytes(at: 0, count: Int(size))) ?? []
    }
}
