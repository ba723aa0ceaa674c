internal import Bus
package import Memory
internal import Synchronization

extension PCISlot {
    /// What the outside currently sees of the function.
    struct Wiring {
        /// One BAR in an address space.
        struct Place {
            let range: GuestRange
            let mapping: AddressSpace.Mapping
        }

        var isPlugged = false
        /// By BAR index.
        var places: [Int: Place] = [:]
        var doorbells: [PCIDoorbell] = []
    }

    /// Brings mappings, doorbells, bus mastering and message interrupts in line with the registers, here and in
    /// everything below a bridge. Idempotent; what does not change is not touched.
    ///
    /// - Parameter isReset: the function learns of the reset itself, so it is not told of bus mastering.
    func settle(isReset: Bool = false) {
        var waiting: [MessageVector] = []
        var mastering = false
        let wasMastering = wiring.withLock { wiring -> Bool in
            let state = registers.withLock { Snapshot($0, self) }
            let bridge = connection.load()?.bus?.bridge?.slot
            mastering = wiring.isPlugged && state.command.contains(.busMaster) && bridge?.isBusMaster ?? true
            for bar in layout.bars {
                place(bar, at: wiring.isPlugged ? range(of: bar, state, below: bridge) : nil, &wiring)
            }
            if let msix {
                waiting += msix.set(
                    isEnabled: state.msixControl & 0x8000 != 0, isMasked: state.msixControl & 0x4000 != 0,
                    canSend: mastering)
            }
            if let msi, let registers = state.msi { waiting += msi.set(registers, canSend: mastering) }
            return publish(
                isBusMaster: mastering, isMSIXEnabled: state.msixControl & 0x8000 != 0,
                isMSIEnabled: (state.msi?.control ?? 0) & 1 != 0)
        }
        for vector in waiting { vector.signal() }
        if !isReset, wasMastering != mastering { connection.load()?.function?.busMasterChanged(mastering) }
        guard layout.header == .bridge, let bus = connection.load()?.function?.secondary else { return }
        for function in bus.functions { function.slot.settle(isReset: isReset) }
    }

    // MARK: BARs

    /// The registers that placement depends on, taken at one moment.
    struct Snapshot {
        let command: PCICommand
        /// By position in `layout.bars`.
        let bases: [Int: UInt64]
        let msixControl: UInt16
        let msi: MSI.Registers?

        init(_ space: borrowing ConfigurationSpace, _ slot: PCISlot) {
            command = PCICommand(rawValue: space.word(ConfigurationOffset.command))
            var bases: [Int: UInt64] = [:]
            for bar in slot.layout.bars {
                let low = UInt64(space.read(bar.offset, .four) & (bar.space == .io ? ~3 : ~15))
                bases[bar.index] = low | (bar.is64Bit ? UInt64(space.read(bar.offset + 4, .four)) << 32 : 0)
            }
            self.bases = bases
            msixControl = slot.offsets.msix.map { space.word($0 + 2) } ?? 0
            msi = slot.offsets.msi.map { offset in
                MSI.Registers(
                    control: space.word(offset + MSI.control),
                    address: UInt64(space.read(offset + MSI.address, .four))
                        | UInt64(space.read(offset + MSI.address + 4, .four)) << 32,
                    data: space.read(offset + MSI.data, .four), mask: space.read(offset + MSI.mask, .four))
            }
        }
    }

    /// Where a BAR is decoded; nil: nowhere.
    private func range(of bar: PCIBAR, _ state: Snapshot, below bridge: PCISlot?) -> GuestRange? {
        guard state.command.contains(bar.space == .io ? .io : .memory), let base = state.bases[bar.index], base != 0,
            let range = GuestRange(start: GuestAddress(base), count: bar.size)
        else { return nil }
        // A register that holds all ones is being sized, not placed, even if the guest left decoding on.
        let top: UInt64 = bar.space == .io ? 0xffff : bar.is64Bit ? .max : 0xffff_ffff
        guard range.last.rawValue < top, bridge?.forwards(range, bar) ?? true else { return nil }
        return range
    }

    private func place(_ bar: PCIBAR, at range: GuestRange?, _ wiring: inout Wiring) {
        let old = wiring.places[bar.index]
        guard old?.range != range, let connection = connection.load() else { return }
        let space = connection.environment.space(of: bar)
        if let old {
            for doorbell in wiring.doorbells where doorbell.bar == bar.index {
                space.detach(doorbell.absolute(old.range))
            }
            space.unmap(old.mapping)
            wiring.places[bar.index] = nil
        }
        guard let range, let function = connection.function else { return }
        // Below the platform's own devices: a BAR that a guest moves over them does not hide them.
        let mapping = space.map(
            range, name: "\(name) BAR \(bar.index)", priority: -1, to: BARWindow(bar: bar.index, of: function))
        wiring.places[bar.index] = Wiring.Place(range: range, mapping: mapping)
        for doorbell in wiring.doorbells where doorbell.bar == bar.index { space.attach(doorbell.absolute(range)) }
    }

    /// Where a BAR is mapped now; nil: nowhere.
    package func placement(ofBAR index: Int) -> GuestRange? { wiring.withLock { $0.places[index]?.range } }

    // MARK: Doorbells

    func attach(_ doorbell: PCIDoorbell) {
        wiring.withLock { wiring in
            wiring.doorbells.append(doorbell)
            guard let space = space(of: doorbell), let place = wiring.places[doorbell.bar] else { return }
            space.attach(doorbell.absolute(place.range))
        }
    }

    func detach(_ doorbell: PCIDoorbell) {
        wiring.withLock { wiring in
            guard let index = wiring.doorbells.firstIndex(where: { $0 === doorbell }) else { return }
            wiring.doorbells.remove(at: index)
            guard let space = space(of: doorbell), let place = wiring.places[doorbell.bar] else { return }
            space.detach(doorbell.absolute(place.range))
        }
    }

    private func space(of doorbell: PCIDoorbell) -> AddressSpace? {
        guard let bar = layout.bars.first(where: { $0.index == doorbell.bar }) else { return nil }
        return connection.load()?.environment.space(of: bar)
    }
}

extension PCIDoorbell {
    fileprivate func absolute(_ range: GuestRange) -> Doorbell {
        Doorbell(
            address: GuestAddress(range.start.rawValue &+ offset), width: width, value: value, event: event)
    }
}
