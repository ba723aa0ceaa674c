internal import Configuration

extension Option {
    static var boot: [Option] {
        [
            Option("kernel", argument: .required("FILE"), "start this kernel directly") {
                draft, text throws(CommandLineError) in
                draft.configuration.firmware.kernel = try path(text, "-kernel")
            },
            Option("initrd", argument: .required("FILE"), "the kernel's initial RAM disk") {
                draft, text throws(CommandLineError) in
                draft.configuration.firmware.initialRAMDisk = try path(text, "-initrd")
            },
            Option("append", argument: .words("TEXT"), "the kernel's command line") { draft, text in
                draft.configuration.firmware.commandLine = text
            },
            Option("bios", argument: .required("FILE"), "start this firmware") { draft, text throws(CommandLineError) in
                draft.configuration.firmware.image = try path(text, "-bios")
            },
            Option(
                "boot", argument: .required("[order=]DRIVES[,once=DRIVES][,menu=on|off][,strict=on|off]..."),
                "what the firmware starts from"
            ) { draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-boot", implied: "order")
                try checked { () throws(ConfigurationError) in
                    try BootText.boot(properties, &draft.configuration.boot)
                }
            },
            Option(
                "rtc", argument: .required("[base=utc|localtime|DATE][,clock=host|rt|vm][,driftfix=none|slew]"),
                "the guest's clock of day"
            ) { draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-rtc", implied: "base")
                try checked { () throws(ConfigurationError) in
                    try BootText.clock(properties, &draft.configuration.clock)
                }
            },
            Option(
                "fw_cfg", argument: .required("[name=]NAME,file=FILE|string=TEXT"), "a file for the firmware device"
            ) { draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-fw_cfg", implied: "name")
                let entry = try checked { () throws(ConfigurationError) in try BootText.firmwareEntry(properties) }
                if draft.configuration.firmwareEntries.contains(where: { $0.name == entry.name }) {
                    throw .configuration(.duplicateIdentifier(kind: "fw_cfg file", identifier: entry.name))
                }
                draft.configuration.firmwareEntries.append(entry)
            },
            Option("smbios", argument: .required("type=N,key=value...|file=FILE"), "fields of the SMBIOS tables") {
                draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-smbios")
                draft.configuration.smbios.append(
                    try checked { () throws(ConfigurationError) in try BootText.smbios(properties) })
            },
        ]
    }

    /// A path, which is any text but none.
    static func path(_ text: String, _ option: String) throws(CommandLineError) -> String {
        guard !text.isEmpty else { throw .malformed(option: option, reason: "the path is empty") }
        return text
    }
}
