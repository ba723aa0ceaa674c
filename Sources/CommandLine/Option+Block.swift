internal import Configuration

extension Option {
    static var block: [Option] {
        [
            Option(
                "drive",
                argument: .required("file=FILE[,if=none|virtio|pflash][,id=ID][,format=FORMAT][,key=value...]"),
                "a disk image, and a disk for it unless if=none"
            ) { draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-drive")
                draft.configuration.drives.append(
                    try checked { () throws(ConfigurationError) in try DriveText.drive(properties) })
            },
            Option("blockdev", argument: .required("DRIVER,node-name=NAME[,key=value...]"), "a node of a block graph") {
                draft, text throws(CommandLineError) in
                let properties = try OptionText.properties(text, option: "-blockdev", implied: "driver")
                draft.configuration.blockNodes.append(
                    try checked { () throws(ConfigurationError) in
                        try BlockNodeConfiguration(
                            arguments: try properties.folded(subject: "-blockdev"), subject: "-blockdev")
                    })
            },
            Option("pflash", argument: .required("FILE"), "same as -drive if=pflash,format=raw,file=FILE") {
                draft, text throws(CommandLineError) in
                var drive = DriveConfiguration()
                drive.file = try path(text, "-pflash")
                drive.interface = .pflash
                drive.format = "raw"
                draft.configuration.drives.append(drive)
            },
        ]
    }
}
