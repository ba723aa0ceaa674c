import Bus
import Hypervisor
import Memory
import PCI
import Support
import Testing

@Suite struct AssignmentTests {
    /// A machine with functions of several sizes, on the root bus and behind ports.
    private func machine() throws -> TestMachine {
        let machine = try TestMachine()
        for index in 0..<4 {
            let port = try machine.plugPort("port\(index)", at: 2, function: index, multifunction: index == 0)
            guard index < 3 else { continue }
            try port.secondary?.plug(
                TestFunction("behind\(index)") { layout in
                    layout.bars[0] = PCIBAR(0, .memory32, size: 0x1000 << UInt64(index * 5))
                    if index == 1 { layout.bars[2] = PCIBAR(4, .memory64(prefetchable: true), size: 8 << 30) }
                })
        }
        for device in 3..<8 {
            let ports = PCIBAR(2, .io, size: 4 << UInt64(device - 3))
            _ = try machine.plug(TestFunction { $0.bars[1] = ports }, at: device)
        }
        return machine
    }

    @Test("Every BAR gets its own aligned place in its window, and is decoded there")
    func placement() throws {
        let machine = try machine()
        try machine.root.assignResources(TestMachine.windows)
        var memory: [GuestRange] = []
        var ports: [GuestRange] = []
        let functions = machine.bus.enumerate()
        #expect(functions.count == 2 + 4 + 3 + 5)
        for function in functions where !function.isBridge {
            for bar in function.bars {
                let range = try #require(GuestRange(start: GuestAddress(bar.address), count: bar.size))
                #expect(bar.address % bar.size == 0)
                let windows = TestMachine.windows
                let window = bar.isPort ? windows.io : bar.isPrefetchable ? windows.high : windows.memory
                #expect(window?.contains(range) == true)
                for other in bar.isPort ? ports : memory { #expect(!other.overlaps(range)) }
                if bar.isPort {
                    ports.append(range)
                    #expect(machine.buses.ports.isMapped(range.start))
                } else {
                    memory.append(range)
                    #expect(machine.buses.memory.isMapped(range.start))
                    #expect(machine.buses.memory.isMapped(range.last))
                }
            }
        }
        #expect(memory.count == 8 * 3)
        #expect(ports.count == 8)
    }

    @Test("Bridge windows hold what is behind them, do not overlap, and leave room to plug")
    func windows() throws {
        let machine = try machine()
        try machine.root.assignResources(TestMachine.windows)
        let bridges = machine.root.description.devices.compactMap(\.bridge)
        #expect(bridges.map(\.secondary) == [1, 2, 3, 4])
        var last: UInt64 = 0
        for bridge in bridges.sorted(by: { $0.memory.base < $1.memory.base }) {
            #expect(bridge.memory.base > last)
            #expect(bridge.memory.limit >= bridge.memory.base + (2 << 20) - 1)
            last = bridge.memory.limit
            #expect(bridge.prefetchable.base >= 0x80_0000_0000)
            for region in bridge.devices.flatMap(\.regions) {
                let address = try #require(region.address)
                let window =
                    switch region.space {
                    case .io: bridge.io
                    case .memory64(prefetchable: true): bridge.prefetchable
                    default: bridge.memory
                    }
                #expect(address >= window.base && address + region.size - 1 <= window.limit)
            }
        }
        // Nothing behind the last port: no ports are passed on.
        let empty = try #require(bridges.first { $0.devices.isEmpty })
        #expect(empty.io.base > empty.io.limit)
    }

    @Test("Without a window above 4 GiB everything goes below")
    func below() throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction(), at: 3)
        var windows = TestMachine.windows
        windows.high = nil
        try machine.root.assignResources(windows)
        #expect(function.bars.allSatisfy { $0.address < 1 << 32 && $0.address != 0 })
    }

    @Test("What does not fit is an error that says how much is missing, and nothing is assigned")
    func tooLarge() throws {
        let machine = try TestMachine()
        let function = try machine.plug(TestFunction { $0.bars[0] = PCIBAR(0, .memory32, size: 1 << 31) }, at: 3)
        #expect(throws: PCIError.self) { try machine.root.assignResources(TestMachine.windows) }
        #expect(function.bars.allSatisfy { $0.address == 0 })
        let huge = PCIBAR(4, .memory64(prefetchable: true), size: 1 << 62)
        for device in 4..<9 { _ = try machine.plug(TestFunction { $0.bars[2] = huge }, at: device) }
        #expect(throws: PCIError.self) { try machine.root.assignResources(TestMachine.windows) }
    }

    @Test("Assigning twice gives the same places")
    func twice() throws {
        let machine = try machine()
        try machine.root.assignResources(TestMachine.windows)
        let first = machine.root.description
        try machine.root.assignResources(TestMachine.windows)
        #expect(machine.root.description == first)
    }
}
