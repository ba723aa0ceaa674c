internal import CLinux
internal import Bus
internal import Host
internal import Hypervisor
internal import Synchronization

/// The machine's table of interrupt routes, as far as kernel back ends need it.
///
/// KVM knows a *global system interrupt* by number and looks up in this table where it goes. The first 24 are the pins
/// of the interrupt chips, as on a PC; those after them are messages. Each change replaces the whole
/// table and makes the kernel wait for its readers (10 µs to milliseconds), so only interrupts whose eventfd a kernel
/// back end (vhost, vfio) has asked for stand in it, and a change to the same message is none.
///
/// From any thread. The lock is held during the call: tables must arrive in the order they were made.
final class InterruptRoutes: Sendable {
    private struct State {
        /// By number, counted from `firstMessage`; nil is free, or used but without a route.
        var messages: [InterruptMessage?] = []
        var free: [UInt32] = []
    }

    private static let chipPins: UInt32 = 24

    private let file: KVMFile
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: how many numbers KVM has.
    init(_ file: KVMFile, capacity: Int) {
        self.file = file
        self.capacity = capacity
    }

    #if arch(x86_64)
    /// Wires the chips as a PC does, for a machine with a PIT: KVM's own default leads the PIT to pin 0 of the I/O APIC,
    /// and every PC since the first one with two chips to pin 2.
    func wireTimer() throws(HypervisorError) {
        do throws(Errno) {
            var table = InterruptRoutes.table([])
            try file.call(APUS_KVM_SET_GSI_ROUTING, entries: &table)
        } catch {
            throw .failed(to: "wire the interrupt controllers", errno: error)
        }
    }
    #endif

    /// A number for a message interrupt, or nil if there are no more. It has no route yet.
    func allocate() -> UInt32? {
        state.withLock { state in
            if let number = state.free.popLast() { return number }
            let number = InterruptRoutes.chipPins + UInt32(state.messages.count)
            guard Int(number) < capacity else { return nil }
            state.messages.append(nil)
            return number
        }
    }

    /// Gives a number back. Its eventfd must be detached already, so its route can stay in the kernel's table until the
    /// next change.
    func release(_ number: UInt32) {
        state.withLock { state in
            state.messages[Int(number - InterruptRoutes.chipPins)] = nil
            state.free.append(number)
        }
    }

    /// Sets where a number goes.
    func set(_ number: UInt32, to message: InterruptMessage) throws(Errno) {
        try state.withLock { state throws(Errno) in
            let index = Int(number - InterruptRoutes.chipPins)
            guard state.messages[index] != message else { return }
            let previous = state.messages[index]
            state.messages[index] = message
            do throws(Errno) {
                var table = InterruptRoutes.table(state.messages)
                try file.call(APUS_KVM_SET_GSI_ROUTING, entries: &table)
            } catch {
                state.messages[index] = previous
                throw error
            }
        }
    }

    private static func table(_ messages: [InterruptMessage?]) -> [kvm_irq_routing_entry] {
        var entries = chipEntries
        for (index, message) in messages.enumerated() {
            guard let message else { continue }
            var entry = kvm_irq_routing_entry()
            entry.gsi = chipPins + UInt32(index)
            entry.type = UInt32(KVM_IRQ_ROUTING_MSI)
            unsafe entry.u.msi.address_lo = UInt32(truncatingIfNeeded: message.address)
            unsafe entry.u.msi.address_hi = UInt32(truncatingIfNeeded: message.address >> 32)
            unsafe entry.u.msi.data = message.data
            entries.append(entry)
        }
        return entries
    }

    #if arch(x86_64)
    /// The wires. Numbers 0 to 15 reach both PICs and the I/O APIC, each at the pin of the same number; but number 0,
    /// the PIT's, is at pin 2 of the I/O APIC, which is why number 2, the cascade's, reaches no PIC.
    private static let chipEntries: [kvm_irq_routing_entry] = {
        func entry(_ number: UInt32, _ chip: Int32, _ pin: UInt32) -> kvm_irq_routing_entry {
            var entry = kvm_irq_routing_entry()
            entry.gsi = number
            entry.type = UInt32(KVM_IRQ_ROUTING_IRQCHIP)
            unsafe entry.u.irqchip.irqchip = UInt32(chip)
            unsafe entry.u.irqchip.pin = pin
            return entry
        }
        return (0..<chipPins).flatMap { number in
            let ioapic = entry(number, KVM_IRQCHIP_IOAPIC, number == 0 ? 2 : number)
            guard number < 16, number != 2 else { return [ioapic] }
            return [ioapic, entry(number, number < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, number % 8)]
        }
    }()
    #endif
}
