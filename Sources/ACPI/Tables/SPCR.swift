/// The serial port that is the console.
///
/// Microsoft's Serial Port Console Redirection Table, revision 2.
package struct SPCR: Sendable {
    package var port: SerialPort

    package init(port: SerialPort) {
        self.port = port
    }

    package var table: Table {
        var body: [UInt8] = [0, 0, 0, 0]  // a full 16550
        body += GenericAddress.port(port.base).bytes
        body.append(0b11)  // interrupts by 8259 and I/O APIC
        body.append(port.interrupt)
        body.append(littleEndian: UInt32(port.interrupt))
        body += [7, 0, 1, 0, 3, 0]  // 115200 baud, no parity, one stop bit, no flow control, ANSI terminal
        body += [0xFF, 0xFF, 0xFF, 0xFF]  // not a PCI device
        body += [UInt8](repeating: 0, count: 12)
        return Table("SPCR", revision: 2, body: body)
    }
}
