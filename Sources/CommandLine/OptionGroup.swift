package import Configuration

/// Options with properties, as groups under names of their own: what QMP's `query-command-line-options` lists, and the
/// sections that `-readconfig` takes.
package struct OptionGroup: Sendable {
    /// QEMU's name, which for some differs from the option's.
    package let name: String
    /// The option without its dash.
    let option: String
    /// What the option takes, where that is known without more; nil for those whose driver decides (`-device`).
    package let schema: PropertySchema?

    init(_ name: String, option: String? = nil, _ schema: PropertySchema? = nil) {
        self.name = name
        self.option = option ?? name
        self.schema = schema
    }

    package static var all: [OptionGroup] {
        [
            OptionGroup("accel"), OptionGroup("action", ProcessText.actionSchema),
            OptionGroup("add-fd", ProcessText.descriptorSchema), OptionGroup("blockdev"),
            OptionGroup("boot-opts", option: "boot", BootText.bootSchema), OptionGroup("chardev"),
            OptionGroup("device"), OptionGroup("drive", DriveText.schema), OptionGroup("fw_cfg", BootText.entrySchema),
            OptionGroup("machine"), OptionGroup("memory", option: "m", MemoryText.memorySchema),
            OptionGroup("mon", Option.monitorSchema), OptionGroup("msg", ProcessText.messageSchema),
            OptionGroup("name", Option.nameSchema), OptionGroup("netdev"), OptionGroup("object"),
            OptionGroup("overcommit", ProcessText.overcommitSchema), OptionGroup("rtc", BootText.clockSchema),
            OptionGroup("smp-opts", option: "smp", MemoryText.topologySchema),
        ]
    }
}
