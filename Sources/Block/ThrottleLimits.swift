/// How much a disk, or a group of disks, may do: what `throttling.…` and `block_set_io_throttle` say.
package struct ThrottleLimits: Sendable, Equatable {
    /// What one of the six rates is about.
    package enum Bound: Int, Sendable, CaseIterable {
        case bytes, bytesRead, bytesWritten, operations, operationsRead, operationsWritten

        /// After `throttling.` on the command line.
        package var optionName: String {
            ["bps-total", "bps-read", "bps-write", "iops-total", "iops-read", "iops-write"][rawValue]
        }

        /// In QMP.
        package var monitorName: String { ["bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"][rawValue] }

        var countsBytes: Bool { rawValue < 3 }

        /// Whether requests of this direction count.
        func includes(_ direction: ThrottleDirection) -> Bool {
            rawValue % 3 == 0 || rawValue % 3 == (direction == .read ? 1 : 2)
        }
    }

    /// One rate, per second.
    package struct Rate: Sendable, Equatable {
        /// What is allowed on and on; 0: anything.
        package var average: UInt64 = 0
        /// What is allowed for `burstLength` seconds after a rest; 0: a tenth of a second's average at once.
        package var burst: UInt64 = 0
        package var burstLength: UInt64 = 1

        package init(average: UInt64 = 0, burst: UInt64 = 0, burstLength: UInt64 = 1) {
            self.average = average
            self.burst = burst
            self.burstLength = burstLength
        }
    }

    private var rates = [Rate](repeating: Rate(), count: Bound.allCases.count)
    /// A larger request counts as several of this many bytes; 0: every request counts as one.
    package var operationSize: UInt64 = 0

    package init() {}

    package subscript(bound: Bound) -> Rate {
        get { rates[bound.rawValue] }
        set { rates[bound.rawValue] = newValue }
    }

    /// Whether there is no limit at all.
    package var isUnlimited: Bool { rates.allSatisfy { $0.average == 0 } }

    /// No rate, burst or length above this: their products must be exact enough.
    package static let maximum: UInt64 = 1_000_000_000_000_000

    /// What is wrong with it, as a sentence; nil: nothing.
    package var conflict: String? {
        for (total, parts) in [
            (Bound.bytes, [Bound.bytesRead, .bytesWritten]), (.operations, [.operationsRead, .operationsWritten]),
        ] {
            for part in parts {
                let both = self[total].average > 0 && self[part].average > 0
                if both || self[total].burst > 0 && self[part].burst > 0 {
                    return
                        "A limit for all requests (\(total.optionName)) and one for a direction (\(part.optionName)) "
                        + "exclude each other."
                }
            }
        }
        for bound in Bound.allCases {
            let (rate, name) = (self[bound], bound.optionName)
            if max(rate.average, rate.burst, rate.burstLength) > Self.maximum {
                return "'\(name)' and its bursts take numbers up to \(Self.maximum)."
            }
            if rate.burst > 0, rate.average == 0 { return "'\(name)-max' needs '\(name)'." }
            if rate.burst > 0, rate.burst < rate.average { return "'\(name)-max' cannot be lower than '\(name)'." }
            if rate.burstLength == 0 { return "'\(name)-max-length' cannot be 0." }
            if rate.burstLength > 1, rate.burst == 0 { return "'\(name)-max-length' needs '\(name)-max'." }
            if rate.burst.multipliedReportingOverflow(by: rate.burstLength).overflow {
                return "'\(name)-max-length' is too long for its '\(name)-max'."
            }
        }
        let limitsOperations = Bound.allCases.contains { !$0.countsBytes && self[$0].average > 0 }
        if operationSize > 0, !limitsOperations { return "'iops-size' needs an iops limit." }
        return nil
    }
}

/// Which way the bytes of a throttled request go.
package enum ThrottleDirection: Int, Sendable, CaseIterable { case read, write }
