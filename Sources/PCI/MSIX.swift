internal import Bus
internal import Synchronization

/// The MSI-X table, the pending bits and the vectors behind them. PCI 3.0 §6.8.2.
///
/// Every change comes back with the vectors that it freed to deliver a pending interrupt; the caller signals them once
/// it holds no lock.
final class MSIX: Sendable {
    /// One row of the table. Vectors are masked after power-on.
    private struct Entry {
        var address: UInt64 = 0
        var data: UInt32 = 0
        var control: UInt32 = 1

        var isMasked: Bool { control & 1 != 0 }

        subscript(dword index: UInt32) -> UInt32 {
            get {
                switch index {
                case 0: UInt32(truncatingIfNeeded: address)
                case 1: UInt32(truncatingIfNeeded: address >> 32)
                case 2: data
                default: control
                }
            }
            set {
                switch index {
                // The two low bits of a message address are reserved and read as zero.
                case 0: address = address & ~0xffff_ffff | UInt64(newValue & ~3)
                case 1: address = address & 0xffff_ffff | UInt64(newValue) << 32
                case 2: data = newValue
                default: control = newValue & 1
                }
            }
        }
    }

    private struct State {
        var entries: [Entry]
        var isEnabled = false
        var canSend = false
        var isMasked = false
        var delivery: MessageDelivery?
    }

    let layout: MSIXLayout
    let vectors: [MessageVector]
    /// Held while vectors are updated, so that table and vectors change in the same order.
    private let state: Mutex<State>

    init(_ layout: MSIXLayout) {
        self.layout = layout
        vectors = (0..<layout.vectors).map { _ in MessageVector() }
        state = Mutex(State(entries: [Entry](repeating: Entry(), count: layout.vectors)))
    }

    func connect(_ delivery: MessageDelivery?) { state.withLock { $0.delivery = delivery } }

    // MARK: Control

    /// Follows the capability's Message Control. `canSend` is bus mastering: a message is a memory write.
    func set(isEnabled: Bool, isMasked: Bool, canSend: Bool) -> [MessageVector] {
        state.withLock { state in
            guard state.isEnabled != isEnabled || state.canSend != canSend || state.isMasked != isMasked else {
                return []
            }
            state.isEnabled = isEnabled
            state.canSend = canSend
            state.isMasked = isMasked
            if !isEnabled { vectors.forEach { $0.forget() } }
            var waiting: [MessageVector] = []
            for index in vectors.indices { update(index, state, &waiting) }
            return waiting
        }
    }

    func reset() {
        state.withLock { state in
            state.isEnabled = false
            state.canSend = false
            state.isMasked = false
            var waiting: [MessageVector] = []
            for index in vectors.indices {
                state.entries[index] = Entry()
                update(index, state, &waiting)
                vectors[index].forget()
            }
        }
    }

    private func update(_ index: Int, _ state: borrowing State, _ waiting: inout [MessageVector]) {
        let entry = state.entries[index]
        let gate: MessageVector.Gate =
            !(state.isEnabled && state.canSend) ? .closed : state.isMasked || entry.isMasked ? .masked : .open
        state.delivery?.update(
            vectors[index], gate, InterruptMessage(address: entry.address, data: entry.data), waiting: &waiting)
    }

    // MARK: Table and pending bits

    /// Whether the framework answers for this offset of the MSI-X BAR.
    func owns(_ offset: UInt64) -> Bool {
        offset &- UInt64(layout.tableOffset) < UInt64(layout.tableSize)
            || offset &- UInt64(layout.pendingOffset) < UInt64(layout.pendingSize)
    }

    /// Aligned accesses of any width; a driver makes 4 and 8 byte ones (PCI 3.0 §6.8.2).
    func read(_ access: Access) -> UInt64 {
        switch access.width {
        case .eight: UInt64(dword(access.offset)) | UInt64(dword(access.offset &+ 4)) << 32
        default: UInt64(dword(access.offset) >> UInt32((access.offset & 3) * 8)) & access.width.mask
        }
    }

    func write(_ value: UInt64, _ access: Access) -> [MessageVector] {
        let offset = access.offset &- UInt64(layout.tableOffset)
        // Pending bits are read-only.
        guard offset < UInt64(layout.tableSize) else { return [] }
        let index = Int(offset / 16)
        let first = UInt32(offset / 4 % 4)
        return state.withLock { state in
            switch access.width {
            case .eight where first % 2 == 0:
                state.entries[index][dword: first] = UInt32(truncatingIfNeeded: value)
                state.entries[index][dword: first + 1] = UInt32(truncatingIfNeeded: value >> 32)
            default:
                let shift = UInt32(offset & 3) * 8
                let mask = UInt32(truncatingIfNeeded: access.width.mask) << shift
                let old = state.entries[index][dword: first]
                state.entries[index][dword: first] = old & ~mask | UInt32(truncatingIfNeeded: value) << shift & mask
            }
            var waiting: [MessageVector] = []
            update(index, state, &waiting)
            return waiting
        }
    }

    private func dword(_ offset: UInt64) -> UInt32 {
        let table = offset &- UInt64(layout.tableOffset)
        if table < UInt64(layout.tableSize) {
            return state.withLock { $0.entries[Int(table / 16)][dword: UInt32(table / 4 % 4)] }
        }
        let pending = offset &- UInt64(layout.pendingOffset)
        guard pending < UInt64(layout.pendingSize) else { return 0 }
        let first = Int(pending / 4) * 32
        var bits: UInt32 = 0
        for index in first..<first + 32 where index < vectors.count && vectors[index].isPending {
            bits |= 1 << UInt32(index - first)
        }
        return bits
    }
}
