import Machine
import Support
import Testing

@Suite("Kernels are loaded at every power-on")
struct BootTests {
    /// An ELF kernel of sixteen bytes at 1 MiB, with 64 KiB of zeros behind them.
    private static let kernel: [UInt8] = {
        func little(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
        }
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        // EXEC, x86-64, version; entry, program headers, section headers; flags, sizes and counts.
        bytes += little(2, 2) + little(62, 2) + little(1, 4) + little(0x10_0000, 8) + little(64, 8) + little(0, 8)
        bytes +=
            little(0, 4) + little(64, 2) + little(56, 2) + little(1, 2) + little(0, 2) + little(0, 2) + little(0, 2)
        // LOAD, RWX: offset 4096, virtual and physical address, sizes in the file and in memory, alignment.
        bytes += little(1, 4) + little(7, 4) + little(4096, 8) + little(0x10_0000, 8) + little(0x10_0000, 8)
        bytes += little(16, 8) + little(0x1_0000, 8) + little(4096, 8)
        bytes += [UInt8](repeating: 0, count: 4096 - bytes.count)
        return bytes + [UInt8](repeating: 0xf4, count: 16)
    }()

    @Test(
        "What the guest made of its kernel is gone after a reset, and so is its data", arguments: TestedBoard.allCases)
    func reload(_ board: TestedBoard) throws {
        let scratch = try TestPipes.Directory()
        try scratch.write(Self.kernel, to: "kernel")
        let initrd = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
        try scratch.write(initrd, to: "initrd")
        let machine = try MachineUnderTest(
            "\(board.option) -kernel \(scratch.file("kernel")) -initrd \(scratch.file("initrd")) -append quiet")
        let code = machine.guest.bytes(at: 0x10_0000, count: 16)
        #expect(code == [UInt8](repeating: 0xf4, count: 16))
        let all = machine.guest.bytes(at: 0, count: 64 << 20)
        machine.guest.write([UInt8](repeating: 0x90, count: 0x1_0000), at: 0x10_0000)
        machine.guest.write([UInt8](repeating: 0x90, count: 0x1000), at: 0x200_0000)
        machine.machine.reset()
        #expect(machine.guest.bytes(at: 0, count: 64 << 20) == all)
        // The initrd is somewhere, whole.
        let mark = initrd.prefix(16)
        let starts = stride(from: 0, to: all.count, by: 4096).filter { all[$0..<$0 + 16].elementsEqual(mark) }
        #expect(starts.contains { Array(all[$0..<$0 + initrd.count]) == initrd })
    }

    @Test("A reset boots the file that the start booted, even if its name has gone")
    func unlinked() throws {
        var scratch: TestPipes.Directory? = try TestPipes.Directory()
        try scratch?.write(Self.kernel, to: "kernel")
        let machine = try MachineUnderTest("-m 64 -kernel \(scratch?.file("kernel") ?? "")")
        scratch = nil
        machine.machine.reset()
        #expect(machine.machine.runState == .running)
        #expect(machine.guest.bytes(at: 0x10_0000, count: 16) == [UInt8](repeating: 0xf4, count: 16))
    }

    @Test("microvm names its virtio devices on the command line, unless told not to", arguments: [true, false])
    func commandLine(_ isWanted: Bool) throws {
        let scratch = try TestPipes.Directory()
        try scratch.write(Self.kernel, to: "kernel")
        let option = isWanted ? "microvm" : "microvm,auto-kernel-cmdline=off"
        let machine = try MachineUnderTest(
            """
            -machine \(option) -m 64 -kernel \(scratch.file("kernel")) -append quiet \
            -device virtio-rng-device -device virtio-rng-device
            """
        )
        let low = String(decoding: machine.guest.bytes(at: 0, count: 1 << 20), as: UTF8.self)
        #expect(low.contains("quiet"))
        #expect(low.contains("virtio_mmio.device=512@0xfeb00000:5 virtio_mmio.device=512@0xfeb00200:6") == isWanted)
    }
}
