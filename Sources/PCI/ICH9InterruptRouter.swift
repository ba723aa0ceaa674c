package import Bus
internal import Synchronization

/// The end of q35's INTx wires: wire n is PIRQ A…D, goes to global system interrupt 16 + n, and also to an ISA
/// interrupt if the LPC bridge's PIRQ[n]_ROUT says so. Intel ICH9 §5.8.6.
package final class ICH9InterruptRouter: INTxSink {
    private struct State {
        var levels: [Bool] = [false, false, false, false]
        /// PIRQA_ROUT to PIRQD_ROUT from the low byte up; bit 7 of each: not routed.
        var routes: UInt32 = 0x8080_8080
        /// The ISA interrupts that are high because of a wire.
        var raised: UInt16 = 0

        /// The ISA interrupts that ought to be.
        var wanted: UInt16 {
            var wanted: UInt16 = 0
            for wire in 0..<4 where levels[wire] {
                let route = routes >> UInt32(wire * 8) & 0xff
                // Timer, keyboard, cascade, clock and coprocessor cannot be shared with PCI.
                if route & 0x80 == 0 { wanted |= 1 << UInt16(route & 0xf) & ~0x2107 }
            }
            return wanted
        }
    }

    private let controller: any InterruptController
    private let firstInterrupt: UInt32
    /// Held while the controller is called, so that levels arrive in order; it never calls back.
    private let state = Mutex(State())

    package init(controller: any InterruptController, firstInterrupt: UInt32 = 16) {
        self.controller = controller
        self.firstInterrupt = firstInterrupt
    }

    package func setINTx(_ wire: Int, level: Bool) {
        state.withLock { state in
            guard state.levels.indices.contains(wire) else { return }
            state.levels[wire] = level
            controller.set(firstInterrupt + UInt32(wire), level: level)
            follow(&state)
        }
    }

    func setRoutes(_ routes: UInt32) {
        state.withLock { state in
            state.routes = routes
            follow(&state)
        }
    }

    private func follow(_ state: inout State) {
        let changed = state.raised ^ state.wanted
        guard changed != 0 else { return }
        state.raised = state.wanted
        for line in 0..<16 where changed >> UInt16(line) & 1 != 0 {
            controller.set(UInt32(line), level: state.raised >> UInt16(line) & 1 != 0)
        }
    }
}
