internal import Configuration

extension Option {
    static var devices: [Option] {
        [
            Option(
                "device", argument: .required("DRIVER[,id=ID][,bus=BUS][,key=value...]"), "a device (help lists them)"
            ) { draft, text throws(CommandLineError) in
                if isHelp(text) { return draft.help = .deviceHelp }
                var properties = try OptionText.properties(text, option: "-device", implied: "driver")
                let wantsHelp = takeHelp(&properties)
                let device = try checked { () throws(ConfigurationError) in
                    try DeviceConfiguration(arguments: properties, subject: "-device")
                }
                if wantsHelp { return draft.help = .devicePropertiesHelp(driver: device.driver) }
                draft.configuration.devices.append(device)
            },
            Option("object", argument: .required("TYPE,id=ID[,key=value...]"), "an object (help lists them)") {
                draft, text throws(CommandLineError) in
                if isHelp(text) { return draft.help = .objectHelp }
                var properties = try OptionText.properties(text, option: "-object", implied: "qom-type")
                if takeHelp(&properties), case .string(let type)? = properties["qom-type"] {
                    return draft.help = .objectPropertiesHelp(type: type)
                }
                let object = try checked { () throws(ConfigurationError) in
                    try ObjectConfiguration(
                        arguments: try properties.folded(subject: "-object"), subject: "-object")
                }
                if IgnoredForm.contains("object", object.type + ",...") { return }
                draft.configuration.objects.append(object)
            },
            Option("global", argument: .required("DRIVER.PROPERTY=VALUE"), "a default for all devices of a driver") {
                draft, text throws(CommandLineError) in
                draft.configuration.globals.append(try global(text))
            },
            Option("netdev", argument: .required("TYPE,id=ID[,key=value...]"), "the host's end of a network card") {
                draft, text throws(CommandLineError) in
                if isHelp(text) { return draft.help = .networkBackendHelp }
                let properties = try OptionText.properties(text, option: "-netdev", implied: "type")
                let backend = try checked { () throws(ConfigurationError) in
                    try NetworkBackendConfiguration(arguments: properties, subject: "-netdev")
                }
                draft.configuration.networkBackends.append(backend)
            },
            // The forms that make a card and its back end at once; only their way to say "none" is known.
            ignoringOnly("nic"), ignoringOnly("net"), ignoringOnly("vga"), ignoringOnly("display"),
            ignoringOnly("parallel"),
            Option("audiodev", argument: .required("[driver=]none,id=ID"), nil) {
                draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-audiodev", implied: "driver")
                guard properties["driver"] == "none" else { throw .notSupported("-audiodev \(text)") }
            },
            Option("nodefaults", "no serial port, monitor or device that was not asked for") { draft, _ in
                draft.configuration.process.omitsDefaults = true
            },
            Option("no-user-config", nil) { _, _ in },
            Option("L", argument: .required("DIR"), nil) { _, _ in },
        ]
    }

    /// An option of which only the forms of `IgnoredForm.all` are accepted.
    private static func ignoringOnly(_ name: String) -> Option {
        Option(name, argument: .required("none"), nil) { _, text throws(CommandLineError) in
            guard IgnoredForm.contains(name, text) else { throw .notSupported("-\(name) \(text)") }
        }
    }

    /// `driver.property=value`, or the three by their names where the driver's own name has a dot.
    private static func global(_ text: String) throws(CommandLineError) -> GlobalConfiguration {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if sides.count == 2, let dot = sides[0].firstIndex(of: ".") {
            let driver = sides[0][..<dot]
            let property = sides[0][sides[0].index(after: dot)...]
            if !driver.isEmpty, !property.isEmpty {
                return GlobalConfiguration(
                    driver: String(driver), property: String(property), value: String(sides[1]))
            }
        }
        var properties = try OptionText.properties(text, option: "-global")
        return try checked { () throws(ConfigurationError) in
            let driver = try properties.takeRequiredString("driver", subject: "-global")
            let property = try properties.takeRequiredString("property", subject: "-global")
            guard let value = try properties.takeString("value", subject: "-global") else {
                throw .missingProperty(subject: "-global", name: "value")
            }
            if let key = properties.keys.first {
                let nearest = Spelling.nearest(to: key, among: ["driver", "property", "value"])
                throw .unknownProperty(subject: "-global", name: key, nearest: nearest)
            }
            return GlobalConfiguration(driver: driver, property: property, value: value)
        }
    }
}
