package import Host
package import Memory

/// A write that is only a notification: the address (and perhaps the value) is all it says.
///
/// KVM serves it without leaving the kernel (`KVM_IOEVENTFD`); without KVM the address space signals the event itself,
/// so a device sees no difference.
package struct Doorbell: Sendable, Equatable {
    package let address: GuestAddress
    /// The width a write must have; nil: any.
    package let width: AccessWidth?
    /// The value it must have; nil: any. Needs a width.
    package let value: UInt64?
    package let event: EventFD

    package init(address: GuestAddress, width: AccessWidth? = nil, value: UInt64? = nil, event: EventFD) {
        self.address = address
        self.width = width
        self.value = width == nil ? nil : value
        self.event = event
    }

    package static func == (left: Doorbell, right: Doorbell) -> Bool {
        left.address == right.address && left.width == right.width && left.value == right.value && left.event === right.event
    }

    func matches(_ address: GuestAddress, _ width: AccessWidth, _ value: UInt64) -> Bool {
        self.address == address && (self.width == nil || self.width == width) && (self.value == nil || self.value == value)
    }
}

/// Who can serve doorbells faster than the address space: an accelerator.
package protocol DoorbellBinder: AnyObject, Sendable {
    /// Best effort: a doorbell that cannot be bound is served by the address space.
    func bind(_ doorbell: Doorbell, in space: AddressSpace.Kind)
    func unbind(_ doorbell: Doorbell, in space: AddressSpace.Kind)
}
