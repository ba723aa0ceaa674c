import ACPI

/// Boards with everything, for tests that want all of it.
enum SampleBoards {
    static func processors(_ count: UInt32) -> [Processor] {
        (0..<count).map { Processor(uid: $0, apicID: $0, proximityDomain: $0 % 2) }
    }

    static let nodes = NUMA(
        memory: [
            NUMA.Memory(node: 0, address: 0, length: 0x8000_0000),
            NUMA.Memory(node: 1, address: 0x1_0000_0000, length: 0x8000_0000, isHotPluggable: true),
        ],
        distances: [[10, 20], [20, 10]])

    static var q35: Q35Description {
        var board = Q35Description(
            processors: processors(300),
            configurationSpace: MCFG.Segment(address: 0xB000_0000),
            windows: [0xC000_0000...0xFEBF_FFFF],
            highWindow: 0x8_0000_0000...0xF_FFFF_FFFF)
        board.numa = nodes
        board.serialPorts = [.com1, .com2]
        board.console = .com1
        board.hasMouse = true
        return board
    }

    static var microVM: MicroVMDescription {
        var board = MicroVMDescription(
            processors: processors(2),
            eventDevice: MicroVMDescription.EventDevice(selector: 0xFEA0_0000, gsi: 9),
            sleepControl: .memory(0xFEA0_0004),
            sleepStatus: .memory(0xFEA0_0005))
        board.virtioDevices = (0..<32).map {
            MicroVMDescription.VirtioDevice(base: 0xFEB0_0000 + $0 * 0x200, gsi: 5 + $0 % 19)
        }
        board.serialPorts = [.com1]
        board.hasRealTimeClock = true
        return board
    }
}
