internal import Glibc

/// What this process holds of its host, to find leaks.
package enum MachineResources {
    /// The number of open descriptors.
    package static var descriptors: Int { entries(of: "/proc/self/fd") }

    /// The number of threads.
    package static var threads: Int { entries(of: "/proc/self/task") }

    private static func entries(of path: String) -> Int {
        guard let directory = unsafe opendir(path) else { return 0 }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        return count
    }
}
