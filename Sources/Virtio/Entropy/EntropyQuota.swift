/// How many bytes a guest may draw in a period (`max-bytes`, `period`).
package struct EntropyQuota: Sendable, Equatable {
    package let bytes: UInt64
    package let nanoseconds: UInt64

    /// Nil for what is no limit: a period of zero.
    package init?(bytes: UInt64, milliseconds: UInt64) {
        let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        guard milliseconds > 0, !overflow else { return nil }
        self.bytes = bytes
        self.nanoseconds = nanoseconds
    }
}
