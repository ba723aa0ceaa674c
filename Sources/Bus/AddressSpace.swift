internal import Host
package import Memory
internal import Synchronization

/// One of the two spaces a processor reaches devices in: port I/O, or memory-mapped I/O.
///
/// Devices are mapped at ranges; where ranges overlap the higher priority is seen, and among equals the one mapped
/// last. A guest access goes to exactly one device.
///
/// ```
///        vCPU thread              control thread
///             │ read/write             │ map/unmap/move
///             ▼                        ▼
///        ┌─────────┐   replaced   ┌─────────┐
///        │ Table n │ ◄─── whole ──│ Table n+1│      a table is immutable
///        └────┬────┘              └─────────┘
///             ▼
///        BusDevice.read(access)
/// ```
///
/// A vCPU takes the current table once per access and holds no lock while the device works, so a device may map,
/// unmap or move anything (a BAR moves inside a configuration write) without deadlock. The price: a device may see one
/// last access just after it was unmapped.
package final class AddressSpace: Sendable {
    /// One mapped range; the handle to unmap it.
    ///
    /// It does not keep the device: a device that keeps its own mapping can still be freed.
    package final class Mapping: Sendable {
        package let range: GuestRange
        package let name: String
        fileprivate let priority: Int

        fileprivate init(range: GuestRange, name: String, priority: Int) {
            self.range = range
            self.name = name
            self.priority = priority
        }
    }

    /// A mapping and who answers there.
    private struct Entry: Sendable {
        let mapping: Mapping
        let device: any BusDevice
    }

    /// What the processor sees, flattened: sorted, disjoint pieces.
    private final class Table: Sendable {
        struct Piece {
            let first: UInt64
            let last: UInt64
            /// Where the device's registers begin, which a piece need not.
            let start: UInt64
            let device: any BusDevice
        }

        let pieces: [Piece]
        /// By address: a machine can have hundreds, and every write has to look.
        let doorbells: [UInt64: [Doorbell]]
        let unclaimed: UnclaimedHandler?

        init(_ entries: [Entry], _ doorbells: [Doorbell], _ unclaimed: UnclaimedHandler?) {
            self.pieces = Table.flatten(entries)
            self.doorbells = Dictionary(grouping: doorbells) { $0.address.rawValue }
            self.unclaimed = unclaimed
        }

        func piece(at address: UInt64) -> Piece? {
            var low = 0
            var high = pieces.count
            while low < high {
                let middle = (low + high) / 2
                if pieces[middle].last < address { low = middle + 1 } else { high = middle }
            }
            guard low < pieces.count, pieces[low].first <= address else { return nil }
            return pieces[low]
        }

        /// Later in `entries` and higher in priority wins.
        private static func flatten(_ entries: [Entry]) -> [Piece] {
            let ranked = entries.enumerated().sorted {
                ($0.element.mapping.priority, $0.offset) > ($1.element.mapping.priority, $1.offset)
            }
            var pieces: [Piece] = []
            for (_, entry) in ranked {
                // What is left of this range after everything that outranks it, left to right.
                let start = entry.mapping.range.start.rawValue
                var first = start
                let last = entry.mapping.range.last.rawValue
                func rest(_ first: UInt64, _ last: UInt64) -> Piece {
                    Piece(first: first, last: last, start: start, device: entry.device)
                }
                var gaps: [Piece] = []
                var exhausted = false
                for piece in pieces where piece.last >= first && piece.first <= last {
                    if piece.first > first { gaps.append(rest(first, piece.first - 1)) }
                    if piece.last >= last {
                        exhausted = true
                        break
                    }
                    first = piece.last + 1
                }
                if !exhausted { gaps.append(rest(first, last)) }
                pieces.append(contentsOf: gaps)
                pieces.sort { $0.first < $1.first }
            }
            return pieces
        }
    }

    private struct State {
        var entries: [Entry] = []
        var doorbells: [Doorbell] = []
        var binder: (any DoorbellBinder)?
        var unclaimed: UnclaimedHandler?
        var table = Table([], [], nil)

        mutating func publish() { table = Table(entries, doorbells, unclaimed) }
    }

    package let kind: Kind
    private let state = Mutex(State())

    package enum Kind: Sendable { case port, memory }

    /// Hears of an access that no device answers; nil for a read, the value for a write.
    package typealias UnclaimedHandler = @Sendable (GuestAddress, AccessWidth, _ written: UInt64?) -> Void

    package init(_ kind: Kind) { self.kind = kind }

    // MARK: Mapping

    /// Makes `device` answer for `range`. Takes effect for accesses that begin after the call.
    @discardableResult
    package func map(_ range: GuestRange, name: String, priority: Int = 0, to device: any BusDevice) -> Mapping {
        let mapping = Mapping(range: range, name: name, priority: priority)
        state.withLock { state in
            state.entries.append(Entry(mapping: mapping, device: device))
            state.publish()
        }
        return mapping
    }

    /// Takes a mapping away. Idempotent.
    package func unmap(_ mapping: Mapping) {
        state.withLock { state in
            state.entries.removeAll { $0.mapping === mapping }
            state.publish()
        }
    }

    /// Takes everything away, at the end of a machine: devices know their space and the space its devices, so nothing
    /// would ever be freed otherwise.
    package func clear() {
        let (doorbells, binder) = state.withLock { state in
            defer { state = State() }
            return (state.doorbells, state.binder)
        }
        for doorbell in doorbells { binder?.unbind(doorbell, in: kind) }
    }

    /// Calls `handler` for each access that no device answers, on the vCPU's thread; for logs.
    package func reportUnclaimed(to handler: @escaping UnclaimedHandler) {
        state.withLock { state in
            state.unclaimed = handler
            state.publish()
        }
    }

    /// Every mapping, in order of address, for `info mtree` and tests.
    package var mappings: [Mapping] {
        state.withLock { $0.entries.map(\.mapping) }.sorted { $0.range.start < $1.range.start }
    }

    // MARK: Doorbells

    /// Lets the accelerator serve doorbells in the kernel, those already attached included.
    package func bindDoorbells(with binder: any DoorbellBinder) {
        let doorbells = state.withLock { state in
            state.binder = binder
            return state.doorbells
        }
        for doorbell in doorbells { binder.bind(doorbell, in: kind) }
    }

    /// From now on a write that matches `doorbell` signals its event instead of reaching a device.
    package func attach(_ doorbell: Doorbell) {
        let binder = state.withLock { state in
            state.doorbells.append(doorbell)
            state.publish()
            return state.binder
        }
        binder?.bind(doorbell, in: kind)
    }

    /// Takes a doorbell away. Idempotent.
    package func detach(_ doorbell: Doorbell) {
        let binder: (any DoorbellBinder)? = state.withLock { state in
            guard let index = state.doorbells.firstIndex(of: doorbell) else { return nil }
            state.doorbells.remove(at: index)
            state.publish()
            return state.binder
        }
        binder?.unbind(doorbell, in: kind)
    }

    // MARK: Access

    /// A guest's read: the value in the low `width` bytes, all ones where nothing answers.
    package func read(_ address: GuestAddress, _ width: AccessWidth) -> UInt64 {
        let table = state.withLock { $0.table }
        guard let piece = table.piece(at: address.rawValue) else {
            table.unclaimed?(address, width, nil)
            return width.mask
        }
        guard let access = AddressSpace.access(address, width, piece) else {
            return split(address, width) { read($0, .one) }
        }
        return piece.device.read(access) & width.mask
    }

    /// A guest's write.
    package func write(_ value: UInt64, to address: GuestAddress, _ width: AccessWidth) {
        let table = state.withLock { $0.table }
        if let doorbells = table.doorbells[address.rawValue] {
            for doorbell in doorbells where doorbell.matches(address, width, value) {
                return doorbell.event.signal()
            }
        }
        guard let piece = table.piece(at: address.rawValue) else {
            table.unclaimed?(address, width, value & width.mask)
            return
        }
        guard let access = AddressSpace.access(address, width, piece) else {
            var rest = value
            _ = split(address, width) { byte in
                write(rest & 0xff, to: byte, .one)
                rest >>= 8
                return 0
            }
            return
        }
        piece.device.write(value & width.mask, access)
    }

    /// Whether any device answers at `address`.
    package func isMapped(_ address: GuestAddress) -> Bool {
        state.withLock { $0.table }.piece(at: address.rawValue) != nil
    }

    /// The device's view of an access, or nil if it reaches past the piece it begins in.
    private static func access(_ address: GuestAddress, _ width: AccessWidth, _ piece: Table.Piece) -> Access? {
        guard piece.last - address.rawValue >= width.count - 1 else { return nil }
        return Access(offset: address.rawValue - piece.start, width: width)
    }

    /// An access across the end of a device is one access per byte, as a bus without that width would do it.
    private func split(_ address: GuestAddress, _ width: AccessWidth, _ body: (GuestAddress) -> UInt64) -> UInt64 {
        var result: UInt64 = 0
        for index in 0..<width.count {
            result |= (body(GuestAddress(address.rawValue &+ index)) & 0xff) << (index * 8)
        }
        return result
    }
}
