package import Host

/// Why an accelerator could not do what a machine needs.
package enum HypervisorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// This host cannot run guests with it; `reason` says why and what to do, as a sentence.
    case unavailable(reason: String)
    /// One call failed: what was tried, as in "create a virtual machine".
    case failed(to: String, errno: Errno)
    /// More of something than the host supports.
    case limit(what: String, asked: Int, maximum: Int)

    package var description: String {
        switch self {
        case .unavailable(let reason): reason
        case .failed(let action, let errno): "Cannot \(action): \(errno)."
        case .limit(let what, let asked, let maximum): "\(asked) \(what) are too many; this host supports \(maximum)."
        }
    }
}
