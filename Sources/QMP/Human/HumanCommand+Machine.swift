internal import Bus
internal import Configuration
internal import Hypervisor
internal import JSON
internal import Machine
internal import Memory

// `info`: the machine as a whole.
extension HumanCommand {
    static let subjects: [HumanCommand] = machine + devices

    private static let machine: [HumanCommand] = [
        HumanCommand("status", "whether the guest runs") { context, _ in
            let state = context.machine.runState
            switch state {
            case .running, .paused: return "VM status: \(state.rawValue)\n"
            case .prelaunch, .shutdown, .internalError, .ioError: return "VM status: paused (\(state.rawValue))\n"
            }
        },
        HumanCommand("version", "the version of QEMU that this monitor is like, and of Apus") { _, _ in
            let version = Version()
            return "\(version.qemu.major).\(version.qemu.minor).\(version.qemu.micro) (\(version.package))\n"
        },
        HumanCommand("name", "the guest's name") { context, _ in
            context.machine.configuration.name.map { $0 + "\n" } ?? ""
        },
        HumanCommand("uuid", "the machine's UUID") { context, _ in
            UUIDInformation(context.machine.configuration).UUID + "\n"
        },
        HumanCommand("kvm", "whether KVM runs the guest") { context, _ in
            "kvm support: \(context.machine.hypervisor.name == "kvm" ? "enabled" : "disabled")\n"
        },
        HumanCommand("cpus", "the processors and their threads") { context, _ in
            context.machine.processors.map { processor in
                let mark = processor.cpu.index == context.processor ? "*" : " "
                return "\(mark) CPU #\(processor.cpu.index): thread_id=\(processor.threadIdentifier)\n"
            }.joined()
        },
        HumanCommand("registers", taking: "[-a]", "the processor's registers") { context, arguments in
            let isAll = arguments.next().map { $0 == "-a" } ?? false
            let indices = isAll ? Array(context.machine.processors.indices) : [context.processor]
            return try indices.map { index in
                guard let text = try context.machine.registers(ofProcessor: index) else {
                    throw QMPError(
                        "The processors have no registers: \(context.machine.hypervisor.name) runs no guest code.")
                }
                return "CPU#\(index)\n\(text)"
            }.joined(separator: "\n")
        },
        HumanCommand("mtree", "what is where in the address spaces") { context, _ in
            let ram = context.machine.memory.regions.map { ($0.range, "RAM") }
            func list(_ title: String, _ ranges: [(range: GuestRange, name: String)], digits: Int) -> String {
                ranges.sorted { $0.range.start < $1.range.start }.reduce("address-space: \(title)\n") { text, entry in
                    func hexadecimal(_ address: GuestAddress) -> String {
                        MemoryFormat.padded(String(address.rawValue, radix: 16), digits, with: "0")
                    }
                    let range = "\(hexadecimal(entry.range.start))-\(hexadecimal(entry.range.last))"
                    return text + "  \(range): \(entry.name)\n"
                }
            }
            let memory = context.machine.buses.memory.mappings.map { ($0.range, $0.name) }
            let ports = context.machine.buses.ports.mappings.map { ($0.range, $0.name) }
            return list("memory", ram + memory, digits: 16) + "\n" + list("I/O", ports, digits: 4)
        },
    ]
}
