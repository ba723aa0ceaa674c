/// A 16550 at one of the places that a PC has for it.
package struct SerialPort: Sendable, Equatable {
    /// 1 for COM1.
    package var number: UInt8
    package var base: UInt16
    package var interrupt: UInt8

    package init(number: UInt8, base: UInt16, interrupt: UInt8) {
        self.number = number
        self.base = base
        self.interrupt = interrupt
    }

    package static let com1 = SerialPort(number: 1, base: 0x3F8, interrupt: 4)
    package static let com2 = SerialPort(number: 2, base: 0x2F8, interrupt: 3)
    package static let com3 = SerialPort(number: 3, base: 0x3E8, interrupt: 4)
    package static let com4 = SerialPort(number: 4, base: 0x2E8, interrupt: 3)
}
