import Bus
import Memory
import PCI
import Support
import Testing

/// A hostile guest, the same one every time.
@Suite struct FuzzTests {
    /// xorshift64: the point is to repeat, not to be random.
    struct Sequence {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }

        mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }
        mutating func width() -> AccessWidth { AccessWidth.allCases[Int(below(4))] }
    }

    @Test("Fifty thousand accesses to each function's registers leave its identity and the machine intact")
    func configuration() throws {
        let machine = try TestMachine()
        let port = try machine.plugPort("port", at: 2)
        _ = try machine.plug(TestFunction(messages: 8), at: 3)
        _ = try machine.plug(TestFunction(express: false), at: 4)
        try port.secondary?.plug(TestFunction())
        try machine.root.assignResources(TestMachine.windows)
        var sequence = Sequence(state: 0x9e37_79b9_7f4a_7c15)
        for function in machine.bus.enumerate() {
            // What the last function was made to do is undone, bus numbers above all.
            machine.root.reset()
            try machine.root.assignResources(TestMachine.windows)
            let devfn = function.address.device << 3 | function.address.function
            let id = PCIRoutingID(bus: function.address.bus, address: PCIAddress(devfn: devfn))
            let slot = try #require(machine.root.function(at: id)?.slot)
            let identity = slot.register(0, .four)
            let classCode = slot.register(8, .four)
            for _ in 0..<50_000 {
                let access = Access(offset: sequence.below(0x1000), width: sequence.width())
                if sequence.below(3) == 0 {
                    _ = machine.root.read(id, access)
                } else {
                    machine.root.write(id, sequence.next() & access.width.mask, access)
                }
            }
            #expect(slot.register(0, .four) == identity)
            #expect(slot.register(8, .four) == classCode)
        }
        machine.root.reset()
        machine.hostBridge.placeECAM(at: GuestAddress(TestMachine.ecamBase))
        try machine.root.assignResources(TestMachine.windows)
        #expect(machine.bus.enumerate().count == 6)
    }

    @Test("Accesses all over the MSI-X BAR and the configuration ports do no harm")
    func windows() throws {
        let machine = try TestMachine()
        let device = try TestFunction(vectors: 33)
        let function = try machine.plug(device, at: 3)
        try machine.root.assignResources(TestMachine.windows)
        function.command = 7
        function.setMSIX(enabled: true)
        let base = function.barAddress(1)
        var sequence = Sequence(state: 88_172_645_463_325_252)
        for _ in 0..<50_000 {
            let address = base + sequence.below(0x1008) - 8
            machine.guest.store(sequence.next(), at: address, sequence.width())
            _ = machine.guest.load(address, sequence.width())
            device.slot.vectors[Int(sequence.below(33))].signal()
            let port = UInt16(0xcf4 + sequence.below(16))
            machine.guest.output(sequence.next() & 0x8000_0fff, to: port, sequence.width())
            _ = machine.guest.input(port, sequence.width())
        }
        machine.root.reset()
        #expect(machine.oldBus.enumerate().count == 3)
    }
}
