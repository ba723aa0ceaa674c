package import Bus

/// `isa-debug-exit`: a guest's write ends the machine, with `value << 1 | 1` as its exit status, so that 0 never means
/// a guest that failed.
package final class DebugExit: BusDevice {
    private let power: any PowerControl

    package init(power: any PowerControl) { self.power = power }

    /// Something is there: a guest that probes the port reads zero.
    package func read(_ access: Access) -> UInt64 { 0 }

    package func write(_ value: UInt64, _ access: Access) {
        let status = UInt8(truncatingIfNeeded: value << 1 | 1)
        power.request(.exit(status: Int32(status)))
    }
}
