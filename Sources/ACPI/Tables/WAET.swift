/// What a guest may leave out since the hardware is emulated.
///
/// Microsoft's Windows ACPI Emulated Devices Table 1.0.
package struct WAET: Sendable {
    /// The RTC's status need not be read again and again after an interrupt.
    package var rtcIsGood: Bool
    /// One read of the power management timer suffices.
    package var pmTimerIsGood: Bool

    package init(rtcIsGood: Bool = true, pmTimerIsGood: Bool = true) {
        self.rtcIsGood = rtcIsGood
        self.pmTimerIsGood = pmTimerIsGood
    }

    package var table: Table {
        var body: [UInt8] = []
        body.append(littleEndian: UInt32((rtcIsGood ? 1 : 0) | (pmTimerIsGood ? 2 : 0)))
        return Table("WAET", revision: 1, body: body)
    }
}
