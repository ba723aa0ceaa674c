/// The high precision event timer.
///
/// IA-PC HPET Specification 1.0a §3.2.4.
package struct HPET: Sendable, Equatable {
    package var address: UInt32
    /// The low half of the timer's capability register: vendor, number of comparators, width, revision.
    package var blockID: UInt32

    /// By default 0xFED00000, and the id of Intel's with three 64-bit comparators that can replace the PIT and RTC.
    package init(address: UInt32 = 0xFED0_0000, blockID: UInt32 = 0x8086_A201) {
        self.address = address
        self.blockID = blockID
    }

    package var table: Table {
        var body: [UInt8] = []
        body.append(littleEndian: blockID)
        // The width here is that of the whole block, and is by custom left blank.
        body += GenericAddress.memory(UInt64(address), width: 0).bytes
        body.append(0)  // number of the block
        body.append(littleEndian: UInt16(0))  // minimum tick
        body.append(0)  // page protection
        return Table("HPET", revision: 1, body: body)
    }
}
