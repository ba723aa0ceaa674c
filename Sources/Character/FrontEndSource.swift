/// Passes an input port's bytes on to whoever is the front end; apart from the back end, so that the port can be made
/// before the back end is.
///
/// For streams whose two directions are two files: the end of input (`< /dev/null`) is not the end of output.
final class FrontEndSource: InputPort.Owner {
    private let frontEnd: FrontEndSlot

    init(_ frontEnd: FrontEndSlot) { self.frontEnd = frontEnd }

    func room(in port: InputPort) -> Int { frontEnd.current?.receiveCapacity ?? 0 }
    func take(_ bytes: [UInt8], from port: InputPort) { frontEnd.current?.receive(bytes) }
    func ended(_ port: InputPort, rest: [UInt8]) {}
}
