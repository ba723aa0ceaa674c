package import Bus
package import Host

/// A doorbell that moves with the BAR it lies in: the handle to take it away again.
package final class PCIDoorbell: Sendable {
    package let bar: Int
    package let offset: UInt64
    package let width: AccessWidth?
    package let value: UInt64?
    package let event: EventFD

    init(bar: Int, offset: UInt64, width: AccessWidth?, value: UInt64?, event: EventFD) {
        self.bar = bar
        self.offset = offset
        self.width = width
        self.value = value
        self.event = event
    }
}
