internal import Configuration

/// What the command line can say and no machine does yet. Refused here, in one place, so that nothing is accepted and
/// then ignored.
enum Unsupported {
    static func check(_ configuration: MachineConfiguration) throws(MachineError) {
        let refusals: [(isAsked: Bool, option: String)] = [
            (configuration.firmware.image != nil, "-bios"),
            (!configuration.firmwareEntries.isEmpty, "-fw_cfg"),
            (!configuration.smbios.isEmpty, "-smbios"),
            (!configuration.networkBackends.isEmpty, "-netdev"),
            (configuration.drives.contains { $0.interface == .pflash }, "-drive if=pflash"),
            (configuration.memory.slots > 0 || configuration.memory.maximum > configuration.memory.size, "-m slots= and maxmem="),
            (configuration.topology.maximum > configuration.topology.processors, "-smp maxcpus= above cpus"),
            (configuration.process.sandbox?.isEnabled == true, "-sandbox on"),
            (configuration.process.locksMemory, "-overcommit mem-lock=on"),
            (configuration.process.passesIdleStates, "-overcommit cpu-pm=on"),
            (configuration.boot.menu == true, "-boot menu=on"),
        ]
        if let refusal = refusals.first(where: \.isAsked) {
            throw .part(option: refusal.option, reason: "This is not supported by Apus yet.")
        }
        if let model = configuration.processor?.model, model != "host" && model != "max" {
            throw .part(option: "-cpu", reason: "There is no model '\(model)'; host is the only one yet.")
        }
        if let feature = configuration.processor?.features.keys.first {
            throw .part(option: "-cpu", reason: "The feature '\(feature)' cannot be set yet.")
        }
    }
}
