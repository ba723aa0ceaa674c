extension Option {
    /// What QEMU or StratoVirt has and Apus does not have yet. Known, so that the message says so instead of proposing
    /// some other option.
    static var unsupported: [Option] {
        unsupportedFlags.map { name in
            Option(name, nil) { _, _ throws(CommandLineError) in throw .notSupported("-\(name)") }
        }
            + unsupportedWithArgument.map { name in
                Option(name, argument: .required("VALUE"), nil) { _, _ throws(CommandLineError) in
                    throw .notSupported("-\(name)")
                }
            }
    }

    private static let unsupportedFlags = [
        "usb", "snapshot", "full-screen", "no-fd-bootchk", "win2k-hack", "only-migratable", "s",
        "preconfig", "perfmap", "jitdump", "audio-help", "singlestep", "enable-fips", "battery", "windows_emu_pid",
        "semihosting", "xen-attach", "xen-domid-restrict", "old-param", "enable-sync-profile", "no-quit", "alt-grab",
        "ctrl-grab", "curses",
    ]

    private static let unsupportedWithArgument = [
        "incoming", "writeconfig", "trace", "set", "usbdevice", "vnc", "spice", "hda",
        "hdb", "hdc", "hdd", "cdrom", "fda", "fdb", "sd", "mtdblock", "fsdev", "virtfs", "iscsi", "tpmdev", "gdb",
        "loadvm", "icount", "watchdog", "echr", "dtb", "semihosting-config", "acpitable", "option-rom", "g", "k",
        "audio", "compat", "dump-vmstate", "plugin", "prom-env", "tb-size", "seed", "runas", "chroot", "run-with",
        "user", "async-teardown", "dfilter", "xen-domid", "hardware-signature", "cameradev", "soundhw", "bt", "sdl",
    ]
}
