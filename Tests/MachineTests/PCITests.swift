import Support
import Testing

@Suite("q35's PCI bus is as its chipset and its tables promise")
struct PCITests {
    private func address(_ function: PCIGuestFunction) -> String {
        let place = function.address
        return "\(place.bus):\(String(place.device, radix: 16)).\(place.function)"
    }

    @Test("The host bridge is at 00.0, the LPC bridge at 1f.0, and devices where addr= says, or in the next free slot")
    func places() throws {
        let machine = try MachineUnderTest(
            """
            -m 64 -device virtio-rng-pci,addr=5 -device virtio-rng-pci \
            -device virtio-rng-pci,addr=0x10.0,multifunction=on -device virtio-rng-pci,addr=10.3 -device pcie-root-port,id=port,chassis=1,addr=2 \
            -device virtio-rng-pci,bus=port
            """)
        let found = machine.pci.enumerate().map {
            "\(address($0)) \(String($0.vendor, radix: 16)):\(String($0.device, radix: 16))"
        }
        #expect(
            Set(found) == [
                "0:0.0 8086:29c0", "0:1f.0 8086:2918", "0:5.0 1af4:1044", "0:1.0 1af4:1044", "0:10.0 1af4:1044",
                "0:10.3 1af4:1044", "0:2.0 1b36:c", "1:0.0 1af4:1044",
            ])
    }

    @Test("Every BAR has a place of its own, aligned to its size, inside the windows")
    func bars() throws {
        let words = (0..<12).map { "-blockdev null-co,node-name=n\($0) -device virtio-blk-pci,drive=n\($0)" }
        let machine = try MachineUnderTest(
            """
            -m 3G -device pcie-root-port,id=port,chassis=1 -device virtio-rng-pci,bus=port \
            \(words.joined(separator: " "))
            """)
        var ranges: [(ClosedRange<UInt64>, isPort: Bool, name: String)] = []
        for function in machine.pci.enumerate() {
            for bar in function.bars {
                let name = "\(address(function)) BAR \(bar.index)"
                #expect(bar.address != 0, "\(name)")
                #expect(bar.address % bar.size == 0, "\(name)")
                let last = bar.address + bar.size - 1
                if bar.isPort {
                    #expect(last <= 0xffff && bar.address >= 0x1000, "\(name)")
                } else {
                    #expect(
                        0xc000_0000...0xfebf_ffff ~= bar.address && last <= 0xfebf_ffff || bar.address >= 0x1_8000_0000,
                        "\(name)")
                }
                for other in ranges where other.isPort == bar.isPort {
                    #expect(!other.0.overlaps(bar.address...last), "\(name) and \(other.name)")
                }
                ranges.append((bar.address...last, bar.isPort, name))
            }
        }
        #expect(ranges.count >= 26)
    }

    @Test("Both ways into configuration space show the same, and a write by one is seen by the other")
    func twoDoors() throws {
        let machine = try MachineUnderTest(
            "-m 64 -device virtio-rng-pci,addr=5 -device pcie-root-port,id=p,addr=6,chassis=1")
        for function in machine.pci.enumerate() {
            let place = function.address
            let other = machine.pciByPorts.function(place.bus, place.device, place.function)
            for offset in stride(from: 0, to: 256, by: 4) {
                #expect(function.read32(offset) == other.read32(offset), "\(address(function)) at \(offset)")
            }
        }
        machine.pci.function(0, 5).command = 6
        #expect(machine.pciByPorts.function(0, 5).command & 7 == 6)
        machine.pciByPorts.function(0, 5).write8(0x3c, 0x5a)
        #expect(machine.pci.function(0, 5).read8(0x3c) == 0x5a)
        // Nothing there, through either.
        #expect(machine.pci.function(0, 9).read32(0) == 0xffff_ffff)
        #expect(machine.pciByPorts.function(0, 9).read32(0) == 0xffff_ffff)
    }

    @Test("A vector that points at RAM is written there when a request is done")
    func message() throws {
        let machine = try MachineUnderTest("-m 64 -device virtio-rng-pci,addr=4")
        let device = try #require(machine.virtio(slot: 4))
        device.function.setMSIX(enabled: true)
        device.function.setVector(1, machine.guest, address: 0x20_0000, data: 0x4321)
        device.negotiate(device.deviceFeatures)
        let queue = VirtioGuestQueue(device, size: 8, at: 0x10_0000)
        #expect(device.setVector(1, ofQueue: 0) == 1)
        device.start()
        queue.add([.writable(0x18_0000, 16)])
        queue.kick()
        #expect(machine.wait { machine.guest.readl(0x20_0000) == 0x4321 })
        #expect(queue.takeUsed()?.written == 16)
    }
}
