/// What the control groups of this process still let it have.
///
/// Documentation/admin-guide/cgroup-v2.rst of Linux. Version 1, which new hosts no longer have, is not looked at.
package struct ControlGroup: Sendable {
    private let root: String
    /// The group's path below the root, as in `/proc/self/cgroup`.
    private let path: String

    /// The group of this process; nil if there is none of version 2.
    package init?(root: String = "/sys/fs/cgroup", membership: String? = nil) {
        guard let text = membership ?? HostFile.text("/proc/self/cgroup"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return nil }
        self.root = root
        path = String(line.dropFirst(3))
    }

    /// The bytes that every group from this one up to the root still has; nil if none has a limit.
    package var room: UInt64? {
        var parts = path.split(separator: "/")
        var result: UInt64?
        while !parts.isEmpty {
            let group = root + "/" + parts.joined(separator: "/")
            if let limit = HostFile.number(group + "/memory.max"), let used = HostFile.number(group + "/memory.current")
            {
                // What caches files can go.
                let cache = min(statistic("file", of: group) ?? 0, used)
                let left = limit > used - cache ? limit - (used - cache) : 0
                result = min(result ?? left, left)
            }
            parts.removeLast()
        }
        return result
    }

    private func statistic(_ name: String, of group: String) -> UInt64? {
        for line in (HostFile.text(group + "/memory.stat") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return UInt64(words[1]) }
        }
        return nil
    }
}
