internal import Configuration
internal import Host
internal import Hypervisor
internal import KVM
internal import Log
internal import Memory
internal import QTest

/// The accelerators there are, and the choice among them.
package enum Accelerator {
    /// What `-accel help` lists: each accelerator and whether it works on this host.
    package static var help: [(name: String, summary: String)] {
        [
            ("kvm", KVMProbe.verdict().description),
            ("qtest", "no processor runs; a test drives the machine over -qtest"),
        ]
    }

    private static let names = ["kvm", "qtest"]

    /// Takes the first of the wanted accelerators that works here; kvm if none is named. Without a kernel there is
    /// nothing that kvm could run, while qtest runs nothing anyway.
    static func choose(
        _ wanted: [AcceleratorConfiguration], memory: GuestMemory, topology: CPUTopology, hasKernel: Bool,
        hasPIT: Bool, log: Log
    ) throws(MachineError) -> any Hypervisor {
        let wanted = wanted.isEmpty ? [AcceleratorConfiguration(name: "kvm")] : wanted
        for accelerator in wanted where !names.contains(accelerator.name) && accelerator.name != "tcg" {
            throw .unknown(
                kind: "accelerator", name: accelerator.name,
                nearest: Spelling.nearest(to: accelerator.name, among: names), hint: "kvm and qtest are there")
        }
        var refusals: [String] = []
        for accelerator in wanted {
            switch accelerator.name {
            case "qtest": return QTestMachine(memory: memory)
            case "kvm" where !hasKernel:
                refusals.append("There is nothing to boot; -kernel FILE names a bzImage or an ELF kernel.")
            case "kvm":
                do throws(HypervisorError) {
                    let options = KVMOptions(topology: topology, hasPIT: hasPIT, isDirectBoot: hasKernel)
                    return try KVMMachine(system: KVMSystem.open(), memory: memory, options: options, log: log)
                } catch {
                    refusals.append(error.description)
                }
            default: refusals.append("There is no tcg: Apus runs guests on the processor, not in software.")
            }
        }
        throw .part(option: "-accel", reason: refusals.joined(separator: " "))
    }

    /// Whether `/dev/kvm` can be opened, for `query-kvm`.
    package static var isKVMPresent: Bool { (try? KVMSystem.open()) != nil }
}
