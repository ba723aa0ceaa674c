/// What the machine starts: a kernel directly, or a firmware image.
package struct FirmwareConfiguration: Sendable, Equatable {
    /// `-kernel`: path of the kernel image.
    package var kernel: String?
    /// `-initrd`: path of the initial RAM disk.
    package var initialRAMDisk: String?
    /// `-append`: the kernel's command line.
    package var commandLine: String?
    /// `-bios`: path of the firmware image.
    package var image: String?

    package init() {}
}

/// `-boot [order=]cd[,menu=on][,strict=on][,splash-time=N][,reboot-timeout=N]`.
package struct BootConfiguration: Sendable, Equatable {
    package var order: String?
    package var once: String?
    package var menu: Bool?
    package var strict = false
    package var splashTime: Int?
    package var rebootTimeout: Int?

    package init() {}
}

/// `-rtc`: what the guest's clock of day starts with and follows.
package struct ClockConfiguration: Sendable, Equatable {
    package enum Base: Sendable, Equatable {
        case utc, localTime
        /// Seconds since 1970-01-01T00:00:00.
        case instant(Int64)
    }
    package enum Source: String, Sendable, CaseIterable { case host, rt, vm }
    package enum DriftFix: String, Sendable, CaseIterable { case none, slew }

    package var base = Base.utc
    package var source = Source.host
    package var driftFix = DriftFix.none

    package init() {}
}

/// `-fw_cfg name=opt/…,string=…|file=…`: one file the guest reads from the firmware configuration device.
package struct FirmwareEntryConfiguration: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case string(String)
        case file(path: String)
    }
    /// At most 55 bytes: the directory's field holds 56 with its zero.
    package var name: String
    package var content: Content

    package init(name: String, content: Content) {
        self.name = name
        self.content = content
    }
}

/// `-smbios type=N,key=value,…` or `-smbios file=PATH`.
package enum SMBIOSConfiguration: Sendable, Equatable {
    case fields(type: Int, Properties)
    case file(path: String)
}

/// 16 bytes, in the order they are written.
package struct UUIDConfiguration: Sendable, Hashable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`; `nil` for anything else.
    package init?(_ text: String) {
        let letters = Array(text.utf8)
        guard letters.count == 36 else { return nil }
        var bytes: [UInt8] = []
        var place = 0
        while place < 36 {
            if [8, 13, 18, 23].contains(place) {
                guard letters[place] == UInt8(ascii: "-") else { return nil }
                place += 1
            }
            guard let high = Self.nibble(letters[place]), let low = Self.nibble(letters[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
            place += 2
        }
        self.bytes = bytes
    }

    package var description: String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return text
    }

    private static func nibble(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): letter - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): letter - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
