internal import ACPI
internal import Bus
internal import Character
internal import Configuration
internal import Devices
internal import Hypervisor
internal import Memory
internal import Synchronization

/// A board's COM1 to COM4: a UART exists for each place that has a stream.
final class SerialPorts: Sendable {
    /// Where PCs have them. COM3 and COM4 share the interrupts of COM1 and COM2.
    private static let places: [SerialPort] = [.com1, .com2, .com3, .com4]

    private struct State {
        var ports: [Int: UART16550A] = [:]
        var interrupts: [UInt8: InterruptJoin] = [:]
    }

    private let construction: Construction
    private let state = Mutex(State())

    init(_ construction: Construction) { self.construction = construction }

    /// Puts a UART on `stream` at the next free place, or at the one with `index`.
    func plug(_ stream: CharacterReference, index: Int?) throws(MachineError) {
        let taken = state.withLock { Set($0.ports.keys) }
        guard let index = index ?? SerialPorts.places.indices.first(where: { !taken.contains($0) }),
            SerialPorts.places.indices.contains(index), !taken.contains(index)
        else {
            throw .part(option: "-serial", reason: "COM\((index ?? 4) + 1) is not free; there are four serial ports.")
        }
        let place = SerialPorts.places[index]
        guard let backend = try construction.backEnds.character(stream, for: "serial port COM\(index + 1)", label: "serial\(index)")
        else { return }
        let join = state.withLock { state in
            let join = state.interrupts[place.interrupt] ?? InterruptJoin(construction.interruptLine(UInt32(place.interrupt)))
            state.interrupts[place.interrupt] = join
            return join
        }
        let port = UART16550A(
            clock: construction.clock, interrupt: join.makeInput(), backend: backend, log: construction.log)
        guard let range = GuestRange(start: GuestAddress(UInt64(place.base)), count: UART16550A.portCount) else { return }
        construction.buses.ports.map(range, name: "COM\(index + 1)", to: port)
        state.withLock { $0.ports[index] = port }
        backend.attach(port)
    }

    /// The ports that `-serial` asked for, in their places; `none` leaves a place empty.
    func plugConfigured() throws(MachineError) {
        for (index, stream) in construction.configuration.serialPorts.enumerated() where stream != .none {
            try plug(stream, index: index)
        }
    }

    var parts: [any MachinePart] { state.withLock { $0.ports.sorted { $0.key < $1.key }.map(\.value) } }

    /// For the ACPI tables.
    var described: [SerialPort] { state.withLock { $0.ports.keys.sorted() }.map { SerialPorts.places[$0] } }
}
