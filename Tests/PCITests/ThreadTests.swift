import Bus
import Host
import Hypervisor
import Memory
import PCI
import Support
import Testing

/// Device threads and vCPUs at once.
@Suite struct ThreadTests {
    @Test("No interrupt is lost between masking and unmasking")
    func masking() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        let function = try machine.plug(device, at: 3)
        function.setBAR(1, to: 0xd000_0000)
        function.command = 6
        function.setVector(0, machine.guest, address: 0xfee0_0000, data: 1)
        function.setMSIX(enabled: true)
        let vector = device.slot.vectors[0]
        for _ in 0..<500 {
            let signaller = try Thread(name: "device") { vector.signal() }
            function.maskVector(0, machine.guest, true)
            function.maskVector(0, machine.guest, false)
            signaller.join()
            #expect(machine.hypervisor.takeMessages().count == 1)
            #expect(!vector.isPending)
        }
    }

    @Test("However many threads move a BAR, it ends where the register says, with its doorbell")
    func moving() throws {
        let machine = try TestMachine()
        let device = try TestFunction()
        let function = try machine.plug(device, at: 3)
        function.command = 2
        let event = try EventFD()
        _ = device.slot.attachDoorbell(bar: 0, offset: 0x10, event: event)
        let slot = device.slot
        let threads = try (0..<4).map { index in
            try Thread(name: "vcpu") {
                for step in 0..<500 {
                    slot.writeConfiguration(
                        0xd000_0000 + UInt32(index * 500 + step) << 12, Access(offset: 0x10, width: .four))
                    slot.writeConfiguration(step % 3 == 0 ? 0 : 6, Access(offset: 4, width: .two))
                }
            }
        }
        for thread in threads { thread.join() }
        function.command = 2
        let base = function.barAddress(0)
        #expect(slot.placement(ofBAR: 0)?.start.rawValue == base)
        #expect(machine.hypervisor.doorbells.map(\.address.rawValue) == [base + 0x10])
        #expect(slot.memory == nil)
        #expect(machine.buses.memory.mappings.count == 2)
    }

    @Test("Shared wires end low when every function has let go")
    func sharing() throws {
        let machine = try TestMachine()
        let devices = try (0..<4).map { _ in try TestFunction() }
        for (index, device) in devices.enumerated() { _ = try machine.plug(device, at: 4 + index * 4) }
        let threads = try devices.map(\.slot).map { slot in
            try Thread(name: "device") {
                for step in 0..<1001 { slot.setInterrupt(step % 2 == 0) }
                slot.setInterrupt(false)
            }
        }
        for thread in threads { thread.join() }
        #expect(!machine.hypervisor.level(of: 16))
    }
}
