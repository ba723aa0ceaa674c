package import Bus

/// `isa-debugcon`: each byte written to the port goes to a sink; a read answers `signature`, by which firmware knows
/// it.
package final class DebugConsole: BusDevice {
    package static let signature: UInt8 = 0xe9

    private let sink: @Sendable (UInt8) -> Void

    /// - Parameter sink: takes a byte on the vCPU thread that wrote it.
    package init(_ sink: @escaping @Sendable (UInt8) -> Void) { self.sink = sink }

    package func read(_ access: Access) -> UInt64 {
        access.width == .one ? UInt64(DebugConsole.signature) : access.width.mask
    }

    package func write(_ value: UInt64, _ access: Access) { sink(UInt8(truncatingIfNeeded: value)) }
}
