/// A PS/2 keyboard as its controller sees it: commands in, acknowledgements and scan codes out.
struct Keyboard: Sendable {
    private static let acknowledge: UInt8 = 0xfa
    private static let resend: UInt8 = 0xfe
    /// With the byte in the controller no more than the 16 that drivers are ready to throw away when they begin: Linux
    /// takes a fuller buffer for a missing controller.
    private static let bufferSize = 15

    private var replies: [UInt8] = []
    private var keys: [UInt8] = []
    /// A command whose argument is still to come.
    private var pendingCommand: UInt8?
    private var scanCodeSet: UInt8 = 2
    private var isScanning = true
    private var lastSent: UInt8 = 0
    /// A key release in set 2 is a prefix, in set 1 a bit of the next byte.
    private var isReleasePending = false

    init() {}

    /// The next byte for the host, if there is one.
    mutating func next(isTranslated: Bool) -> UInt8? {
        if !replies.isEmpty {
            lastSent = replies.removeFirst()
            return lastSent
        }
        while isScanning, !keys.isEmpty {
            let key = keys.removeFirst()
            guard isTranslated else {
                lastSent = key
                return key
            }
            if key == 0xf0 {
                isReleasePending = true
                continue
            }
            lastSent = ScanCodes.firstSet(of: key) | (isReleasePending ? 0x80 : 0)
            isReleasePending = false
            return lastSent
        }
        return nil
    }

    mutating func press(_ codes: [UInt8]) {
        guard isScanning, keys.count + codes.count <= Keyboard.bufferSize else { return }
        keys += codes
    }

    /// A byte from the host: a command, or the argument of the one before.
    mutating func receive(_ byte: UInt8) {
        // A guest that only writes is not worth more memory than a keyboard has.
        if replies.count > Keyboard.bufferSize { replies.removeAll() }
        if let command = pendingCommand {
            pendingCommand = nil
            return finish(command, argument: byte)
        }
        switch byte {
        // Lights, scan code set, repeat rate: the argument follows.
        case 0xed, 0xf0, 0xf3:
            pendingCommand = byte
            replies.append(Keyboard.acknowledge)
        case 0xee: replies.append(0xee)
        // Identify: an MF2 keyboard (which says 0x83 whether or not the controller translates scan codes).
        case 0xf2: replies += [Keyboard.acknowledge, 0xab, 0x83]
        case 0xf4:
            isScanning = true
            replies.append(Keyboard.acknowledge)
        case 0xf5:
            setDefaults()
            isScanning = false
            replies.append(Keyboard.acknowledge)
        case 0xf6:
            setDefaults()
            replies.append(Keyboard.acknowledge)
        // Key types of scan code set 3.
        case 0xf7...0xfd: replies.append(Keyboard.acknowledge)
        case 0xfe: replies.append(lastSent)
        // Reset: acknowledged, then the self-test has passed.
        case 0xff:
            setDefaults()
            isScanning = true
            replies += [Keyboard.acknowledge, 0xaa]
        default: replies.append(Keyboard.resend)
        }
    }

    private mutating func finish(_ command: UInt8, argument: UInt8) {
        replies.append(Keyboard.acknowledge)
        guard command == 0xf0 else { return }
        switch argument {
        case 0: replies.append(scanCodeSet)
        case 1...3: scanCodeSet = argument
        default: break
        }
    }

    private mutating func setDefaults() {
        keys.removeAll()
        scanCodeSet = 2
        isReleasePending = false
    }
}

/// The controller's translation of scan code set 2 into set 1.
enum ScanCodes {
    static func firstSet(of code: UInt8) -> UInt8 {
        if code == 0x83 { return 0x41 }
        if code == 0x84 { return 0x54 }
        return code < 0x80 ? table[Int(code)] : code
    }

    private static let table: [UInt8] = [
        0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
        0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
        0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
        0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
        0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
        0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
        0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
        0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
    ]
}
