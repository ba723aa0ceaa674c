internal import Bus
internal import Configuration
internal import Hypervisor
internal import Memory

/// The ISA bus of a board, as far as `-device` uses it: ports nobody else has, and the serial ports.
struct PortBus: ISABus {
    let construction: Construction
    let serial: SerialPorts

    func plug(_ device: any BusDevice, name: String, port: UInt16, count: Int) throws(MachineError) {
        guard let range = GuestRange(start: GuestAddress(UInt64(port)), count: UInt64(count)) else { return }
        if let other = construction.buses.ports.mappings.first(where: { $0.range.overlaps(range) }) {
            throw .part(option: "-device \(name)", reason: "Ports \(range) belong to \(other.name) already.")
        }
        construction.buses.ports.map(range, name: name, to: device)
    }

    func plugSerialPort(_ stream: CharacterReference, index: Int?) throws(MachineError) {
        try serial.plug(stream, index: index)
    }
}
