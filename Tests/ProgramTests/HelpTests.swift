import Support
import Testing

@Suite("The program explains itself")
struct HelpTests {
    /// The lists' entries: what stands first in each indented line.
    private func names(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("  ") }.compactMap {
            $0.split(separator: " ").first.map(String.init)
        }
    }

    private func help(_ arguments: String...) throws -> String {
        let outcome = try runApus(arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        #expect(outcome.errors == "", "\(arguments)")
        #expect(outcome.output.hasSuffix("\n"), "\(arguments)")
        return outcome.output
    }

    @Test("Its version is one line")
    func version() throws {
        for option in ["-version", "--version"] {
            let text = try help(option)
            #expect(text.hasPrefix("Apus ") && text.split(separator: "\n").count == 1)
        }
    }

    @Test("-h lists the options, in lines that fit a terminal")
    func options() throws {
        let text = try help("-h")
        for option in ["-machine", "-m", "-smp", "-kernel", "-device", "-drive", "-qmp", "-qtest"] {
            #expect(text.contains("\(option) "), "\(option)")
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(try help("--help") == text)
    }

    @Test("Every machine, device and object that is listed has help of its own")
    func everything() throws {
        let machines = names(try help("-machine", "help"))
        #expect(Set(machines).isSuperset(of: ["q35", "microvm"]))
        for machine in machines { #expect(!names(try help("-machine", "\(machine),help")).isEmpty, "\(machine)") }
        let devices = names(try help("-device", "help"))
        #expect(Set(devices).isSuperset(of: ["virtio-blk-pci", "virtio-blk-device", "virtio-rng-pci", "isa-serial"]))
        for device in devices { #expect(!names(try help("-device", "\(device),help")).isEmpty, "\(device)") }
        let objects = names(try help("-object", "help"))
        #expect(objects.contains("iothread"))
        for object in objects { _ = try help("-object", "\(object),help") }
    }

    @Test("The accelerators are listed with what they can do here")
    func accelerators() throws {
        #expect(names(try help("-accel", "help")) == ["kvm", "qtest"])
    }

    @Test(
        "Help of what is not there is refused",
        arguments: [["-device", "warp,help"], ["-machine", "warp,help"], ["-object", "warp,help"]])
    func unknown(_ arguments: [String]) throws {
        let outcome = try runApus(arguments)
        #expect(outcome.status == 1)
        #expect(outcome.output == "" && outcome.errors.contains("warp"))
    }
}
