internal import Bus
internal import Memory

/// What a machine that boots without firmware does in its place: bus numbers, BARs, bridge windows, decoding.
///
/// A kernel would do it too, but one that finds everything assigned leaves it alone and starts faster.
///
/// Each of the three windows is laid out by itself, from the leaves up: what hangs below a bridge becomes one block of
/// the bridge's bus. Within a block the most strictly aligned comes first, which, with sizes that are powers of two,
/// leaves no holes.
struct ResourceAssignment {
    enum Window: CaseIterable { case io, memory, high }

    /// Something that needs addresses, and how to tell it where.
    private struct Demand {
        let size: UInt64
        let alignment: UInt64
        let assign: (UInt64) -> Void
    }

    /// Demands laid out from offset 0 of a block with this alignment.
    private struct Block {
        private(set) var size: UInt64 = 0
        private(set) var alignment: UInt64 = 1
        private var places: [(offset: UInt64, demand: Demand)] = []

        init(_ demands: [Demand]) {
            for demand in demands.sorted(by: { ($0.alignment, $0.size) > ($1.alignment, $1.size) }) {
                let offset = saturatingSum(size, demand.alignment - 1) & ~(demand.alignment - 1)
                places.append((offset, demand))
                size = saturatingSum(offset, demand.size)
                alignment = max(alignment, demand.alignment)
            }
        }

        func assign(at base: UInt64) {
            for (offset, demand) in places { demand.assign(base &+ offset) }
        }
    }

    private let windows: PCIWindows

    init(_ windows: PCIWindows) { self.windows = windows }

    // MARK: Addresses

    /// Assigns everything, or nothing and throws if something does not fit.
    func run(on root: PCIBus) throws(PCIError) {
        var placed: [(block: Block, base: UInt64)] = []
        for window in Window.allCases {
            let block = Block(demands(of: root, in: window))
            guard block.size > 0 else { continue }
            placed.append((block, try base(for: block, in: window)))
        }
        setDecoding(false, on: root)
        var number: UInt8 = 0
        try assignNumbers(to: root, at: 0, &number)
        for (block, base) in placed { block.assign(at: base) }
        setDecoding(true, on: root)
    }

    private func base(for block: Block, in window: Window) throws(PCIError) -> UInt64 {
        let (range, name) =
            switch window {
            case .io: (windows.io, "I/O ports")
            case .memory: (Optional(windows.memory), "address space below 4 GiB")
            case .high: (windows.high, "address space above 4 GiB")
            }
        guard let range, let base = range.start.aligned(up: block.alignment), base <= range.last else {
            throw .windowTooSmall(window: name, needed: block.size, available: range?.count ?? 0)
        }
        let available = range.last.rawValue - base.rawValue + 1
        guard block.size <= available else {
            throw .windowTooSmall(window: name, needed: block.size, available: available)
        }
        return base.rawValue
    }

    private func demands(of bus: PCIBus, in window: Window) -> [Demand] {
        bus.functions.flatMap { function in
            let slot = function.slot
            var demands = slot.layout.bars.filter { self.window(for: $0) == window }.map { bar in
                // Two functions never share a page, so that a hypervisor can map each by itself.
                let size = window == .io ? bar.size : max(bar.size, 0x1000)
                return Demand(size: size, alignment: size) { slot.program(bar, at: $0) }
            }
            if let secondary = function.secondary { demands += bridgeDemand(slot, secondary, in: window) }
            return demands
        }
    }

    /// A bridge's window: all that is behind it, in the granularity of its registers.
    private func bridgeDemand(_ slot: PCISlot, _ secondary: PCIBus, in window: Window) -> [Demand] {
        let granularity: UInt64 = window == .io ? 0x1000 : 0x10_0000
        let block = Block(demands(of: secondary, in: window))
        let reserve =
            switch window {
            case .io: UInt64(0)
            case .memory: windows.portReserve
            case .high: windows.high == nil ? 0 : windows.portReserve
            }
        let size = saturatingSum(max(block.size, reserve), granularity - 1) & ~(granularity - 1)
        guard size > 0 else { return [] }
        return [
            Demand(size: size, alignment: max(granularity, block.alignment)) { base in
                slot.program(window, base: base, limit: base &+ (size - 1))
                block.assign(at: base)
            }
        ]
    }

    private func window(for bar: PCIBAR) -> Window {
        switch bar.space {
        case .io: .io
        case .memory64(prefetchable: true) where windows.high != nil: .high
        default: .memory
        }
    }

    // MARK: Buses

    /// Numbers the buses below `bus` depth first; `last` is the highest number in use.
    private func assignNumbers(to bus: PCIBus, at number: UInt8, _ last: inout UInt8) throws(PCIError) {
        for function in bus.functions {
            guard let secondary = function.secondary else { continue }
            guard last < .max else { throw .noFreeBusNumber(bridge: function.slot.name) }
            last += 1
            let own = last
            try assignNumbers(to: secondary, at: own, &last)
            function.slot.program(primary: number, secondary: own, subordinate: last)
        }
    }

    private func setDecoding(_ isOn: Bool, on bus: PCIBus) {
        for function in bus.functions {
            function.slot.setDecoding(isOn)
            guard let secondary = function.secondary else { continue }
            setDecoding(isOn, on: secondary)
            if !isOn { for window in Window.allCases { function.slot.program(window, base: .max, limit: 0) } }
        }
    }
}

/// The sum, or the largest number, which then fits nowhere.
private func saturatingSum(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
}

extension PCIRootComplex {
    /// Gives every function its addresses as firmware would, and switches decoding on. Bus mastering stays off, except
    /// in bridges. After a reset, before the vCPUs run.
    package func assignResources(_ windows: PCIWindows) throws(PCIError) {
        try ResourceAssignment(windows).run(on: bus)
    }
}
