import Configuration
import Host
import Machine
import Support
import Testing

/// Which board a test is about.
enum TestedBoard: String, CaseIterable, CustomTestStringConvertible {
    case q35, microvm

    var testDescription: String { rawValue }
    /// What its virtio devices are called: `virtio-blk-pci`.
    var suffix: String { self == .q35 ? "pci" : "device" }

    /// `-machine` and little memory.
    var option: String { "-machine \(rawValue) -m 64" }
}

@Suite("Machines are built from command lines")
struct BuildTests {
    @Test("A board without a word more starts, and runs", arguments: TestedBoard.allCases)
    func defaults(_ board: TestedBoard) throws {
        let machine = try MachineUnderTest("-machine \(board.rawValue)")
        #expect(machine.machine.runState == .running)
        #expect(machine.machine.processors.count == 1)
        #expect(machine.status == nil)
        #expect(machine.logged.isEmpty)
    }

    @Test(
        "Without -machine, and by any of its names, it is a q35",
        arguments: ["", "-M pc", "-machine pc-q35-7.2", "-M q35 -M graphics=off"])
    func names(_ words: String) throws {
        let machine = try MachineUnderTest(words)
        #expect(machine.pci.function(0, 0).device == 0x29c0)
    }

    @Test(
        "Every device of the catalog can be plugged where its bus is, and nowhere else", arguments: TestedBoard.allCases
    )
    func everyDevice(_ board: TestedBoard) throws {
        let scratch = try TestPipes.Directory()
        for model in Catalog.models {
            let (backEnd, properties) = BuildTests.needs(of: model.name, scratch)
            let words = "\(board.option) \(backEnd) -device \(model.name),id=dut\(properties)"
            let isForOther =
                model.name.hasSuffix(board == .q35 ? "-device" : "-pci")
                || (board == .microvm && model.name == "pcie-root-port")
            let refusal = MachineUnderTest.refusal(words)
            if isForOther {
                #expect(refusal?.contains("has no") == true, "\(model.name): \(refusal ?? "accepted")")
            } else {
                #expect(refusal == nil, "\(model.name)")
            }
        }
    }

    @Test("A board full of devices is built in the order of the command line", arguments: TestedBoard.allCases)
    func full(_ board: TestedBoard) throws {
        let disks = (0..<8).map { index in
            """
            -blockdev null-co,node-name=n\(index),size=1M \
            -device virtio-blk-\(board.suffix),id=d\(index),drive=n\(index),iothread=t
            """
        }
        let machine = try MachineUnderTest(
            """
            \(board.option) -smp 4 -object iothread,id=t -object rng-builtin,id=r \
            -device virtio-rng-\(board.suffix),id=rng,rng=r -chardev null,id=c -chardev null,id=b \
            -device isa-serial,chardev=c -device isa-debug-exit -device isa-debugcon,chardev=b \(disks.joined(separator: " "))
            """)
        let names = machine.machine.board.plugged.map { $0.configuration.identifier ?? $0.configuration.driver }
        #expect(names == ["rng", "isa-serial", "isa-debug-exit", "isa-debugcon"] + (0..<8).map { "d\($0)" })
        #expect(machine.machine.processors.count == 4)
        #expect(machine.machine.backEnds.ioThreads.map(\.identifier) == ["t"])
    }

    @Test("A device may come before the drive and the thread it names")
    func order() throws {
        #expect(
            MachineUnderTest.refusal(
                "-device virtio-blk-pci,drive=d,iothread=t -blockdev null-co,node-name=d -object iothread,id=t") == nil)
    }

    @Test("microvm has 32 windows for virtio devices; a thirty-third device is refused")
    func windows() throws {
        func words(_ count: Int) -> String {
            "-machine microvm -m 64" + (0..<count).map { " -device virtio-rng-device,id=r\($0)" }.joined()
        }
        let machine = try MachineUnderTest(words(32))
        for window in 0..<32 { #expect(machine.virtio(window: window).deviceID == 4, "\(window)") }
        let refusal = try #require(MachineUnderTest.refusal(words(33)))
        #expect(refusal == "-device virtio-rng-device,id=r32: All 32 virtio-mmio slots of microvm are taken.")
    }

    @Test("Two machines in one process know nothing of each other")
    func two() throws {
        let first = try MachineUnderTest("-machine q35 -m 64 -device virtio-rng-pci")
        let second = try MachineUnderTest("-machine q35 -m 64 -device virtio-rng-pci")
        first.guest.writel(0x10_0000, 1)
        second.guest.writel(0x10_0000, 2)
        #expect(first.guest.readl(0x10_0000) == 1)
        let device = try #require(first.virtio(slot: 1))
        device.status = 1
        #expect(try #require(second.virtio(slot: 1)).status == 0)
        first.machine.clock.advance(to: 1_000_000_000)
        #expect(second.machine.clock.now == 0)
        first.guest.outb(0xcf9, 0x06)
        first.settle()
        second.settle()
        #expect(first.events.all == [.reset(byGuest: true, reason: "guest-reset")])
        #expect(second.events.all == [])
        #expect(second.guest.readl(0x10_0000) == 2)
        first.tearDown()
        #expect(second.machine.runState == .running)
        #expect(second.guest.readl(0x10_0000) == 2)
    }

    @Test("Machines that were built and torn down leave no descriptor and no thread", arguments: TestedBoard.allCases)
    func leaks(_ board: TestedBoard) throws {
        let scratch = try TestPipes.Directory()
        try scratch.makeImage("disk", megabytes: 1)
        func oneLife(_ refused: Bool) throws {
            let words =
                """
                \(board.option) -smp 2 -object iothread,id=t \
                -drive file=\(scratch.file("disk")),if=none,id=d,format=raw -device virtio-blk-\(board.suffix),drive=d,iothread=t -device virtio-rng-\(board.suffix) \
                -serial file:\(scratch.file("serial")) -chardev socket,path=\(scratch.file("s")),server=on,wait=off,id=c
                """
            if refused {
                #expect(MachineUnderTest.refusal(words + " -device virtio-blk-\(board.suffix),drive=d") != nil)
            } else {
                let machine = try MachineUnderTest(words)
                machine.settle()
                machine.guest.outb(board == .q35 ? 0xcf9 : 0x64, board == .q35 ? 0x06 : 0xfe)
                machine.settle()
                #expect(machine.events.all.count == 1)
            }
        }
        try oneLife(false)
        try oneLife(true)
        let descriptors = MachineResources.descriptors
        let threads = MachineResources.threads
        let rounds = 100
        for round in 0..<rounds { try oneLife(round % 4 == 3) }
        // Other tests run beside this one and hold a few of their own; a leak in every life would show as a hundred.
        #expect(MachineResources.descriptors < descriptors + rounds / 2)
        #expect(MachineResources.threads < threads + rounds / 2)
    }

    /// What a device cannot be without: options, and properties of its own.
    private static func needs(of model: String, _ scratch: TestPipes.Directory) -> (options: String, properties: String)
    {
        switch model {
        case "virtio-blk-pci", "virtio-blk-device": ("-blockdev null-co,node-name=n", ",drive=n")
        case "isa-serial", "isa-debugcon": ("-chardev null,id=c", ",chardev=c")
        default: ("", "")
        }
    }
}
