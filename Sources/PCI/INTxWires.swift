package import Bus
internal import Synchronization

/// Takes the level of the four INTx wires that leave a PCI host.
package protocol INTxSink: AnyObject, Sendable {
    /// Sets wire 0…3. Calls for one host do not overlap.
    func setINTx(_ wire: Int, level: Bool)
}

/// Four interrupt lines as the end of the INTx wires: what a machine has whose wires are fixed.
package final class INTxLines: INTxSink {
    private let lines: [InterruptLine]

    /// - Parameter lines: by wire; a missing one is a wire that leads nowhere.
    package init(_ lines: [InterruptLine]) { self.lines = lines }

    package func setINTx(_ wire: Int, level: Bool) {
        if lines.indices.contains(wire) { lines[wire].set(level) }
    }
}

/// The four wires that all INTx pins of a PCI host share: a wire is high while any function drives it.
final class INTxWires: Sendable {
    /// Counts of drivers. Held while the sink is called, so that levels arrive in order; a sink never calls back.
    private let drivers = Mutex<[Int]>([0, 0, 0, 0])
    private let sink: any INTxSink

    init(_ sink: any INTxSink) { self.sink = sink }

    /// The wire for a pin (0…3) of a device on the bus above; the same rule on every bus. PCI 3.0 §2.2.6.
    static func swizzle(device: UInt8, pin: Int) -> Int { (Int(device) + pin) % 4 }

    /// One function begins or ends to drive `wire`.
    func drive(_ wire: Int, _ isDriven: Bool) {
        drivers.withLock { drivers in
            drivers[wire] += isDriven ? 1 : -1
            if drivers[wire] == (isDriven ? 1 : 0) { sink.setINTx(wire, level: isDriven) }
        }
    }
}
