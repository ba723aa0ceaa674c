import Bus
import Host
import Hypervisor
import Machine
import Support
import Testing

@Suite("A machine that was torn down is freed, whole")
struct FreedTests {
    /// The parts that, kept by anything, would keep everything else.
    private final class Remains {
        weak var machine: Machine?
        weak var board: (any Board)?
        weak var backEnds: BackEnds?
        weak var ports: AddressSpace?
        weak var memory: AddressSpace?
        weak var clock: Clock?
        weak var accelerator: (any Hypervisor)?
        weak var loop: EventLoop?

        init(_ test: MachineUnderTest) {
            machine = test.machine
            board = test.machine.board
            backEnds = test.machine.backEnds
            ports = test.machine.buses.ports
            memory = test.machine.buses.memory
            clock = test.machine.clock
            accelerator = test.machine.hypervisor
            loop = test.loop
        }

        var names: [String] {
            let all: [(String, AnyObject?)] = [
                ("machine", machine), ("board", board), ("back ends", backEnds), ("ports", ports), ("memory", memory),
                ("clock", clock), ("accelerator", accelerator), ("loop", loop),
            ]
            return all.filter { $0.1 != nil }.map(\.0)
        }
    }

    @Test(
        "Nothing keeps any part of it",
        arguments: [
            "", "-no-hpet", "-serial null", "-device virtio-rng-pci",
            "-blockdev null-co,node-name=n -object iothread,id=t -device virtio-blk-pci,drive=n,iothread=t",
            "-device pcie-root-port,id=p,chassis=1 -device virtio-rng-pci,bus=p", "-machine microvm",
            "-machine microvm -serial null -device virtio-rng-device",
            "-machine microvm -blockdev null-co,node-name=n -device virtio-blk-device,drive=n -device isa-debug-exit",
        ])
    func freed(_ words: String) throws {
        let remains: Remains
        do {
            let machine = try MachineUnderTest("-m 64 \(words)")
            remains = Remains(machine)
            #expect(remains.names.count == 8)
            machine.machine.reset()
            machine.settle()
            machine.tearDown()
        }
        #expect(remains.names == [])
    }
}
