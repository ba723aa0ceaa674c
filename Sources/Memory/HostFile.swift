internal import Glibc
internal import Host

/// The small text files in which the kernel tells of the host's memory.
enum HostFile {
    /// The content, up to 64 KiB of it; nil if it cannot be read.
    static func text(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY), let bytes = try? file.bytes(at: 0, count: 1 << 16)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The number that is all of a file.
    static func number(_ path: String) -> UInt64? {
        text(path).flatMap { UInt64($0.prefix { $0.isNumber }) }
    }

    /// A line of /proc/meminfo, in bytes.
    static func meminfo(_ name: String) -> UInt64? {
        for line in (text("/proc/meminfo") ?? "").split(separator: "\n") where line.hasPrefix(name + ":") {
            let digits = line.dropFirst(name.utf8.count + 1).drop { $0 == " " }.prefix { $0.isNumber }
            return UInt64(digits).map { $0 << 10 }
        }
        return nil
    }

    /// What a directory holds.
    static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { _ = unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            // In place: the entry ends after d_name's zero, not after all of its 256 bytes.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
