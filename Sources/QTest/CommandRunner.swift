internal import Bus
internal import Host
internal import Memory

/// Carries out the commands of the protocol, one line in, one reply out.
///
/// Not thread-safe; it belongs to its session.
struct CommandRunner {
    /// Why a command is answered `FAIL`: the text after it.
    struct Refusal: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    /// The most bytes that one command reads or writes; its text must fit in memory twice over. Filling is cheaper.
    static let transferLimit: UInt64 = 64 << 20
    static let fillLimit: UInt64 = 1 << 30

    let target: QTestTarget
    /// Sends a line that is no reply.
    let push: @Sendable (String) -> Void
    private var interceptedController: String?

    init(target: QTestTarget, push: @escaping @Sendable (String) -> Void) {
        self.target = target
        self.push = push
    }

    /// The reply to one line, without a line feed.
    mutating func reply(to line: [UInt8]) -> [UInt8] {
        do throws(Refusal) {
            let value = try run(line)
            return Array("OK".utf8) + (value.isEmpty ? [] : [UInt8(ascii: " ")] + value)
        } catch {
            return Array("FAIL \(error.text)".utf8)
        }
    }

    private mutating func run(_ line: [UInt8]) throws(Refusal) -> [UInt8] {
        var arguments = Arguments(line)
        let name = arguments.name
        switch name {
        case "endianness":
            return Array("little".utf8)
        case "inb", "inw", "inl":
            return try portRead(width(name, "in"), &arguments)
        case "outb", "outw", "outl":
            return try portWrite(width(name, "out"), &arguments)
        case "readb", "readw", "readl", "readq":
            let address = try arguments.address()
            return Array(Numbers.text(target.view.load(address, width(name, "read")), width: 16).utf8)
        case "writeb", "writew", "writel", "writeq":
            let address = try arguments.address()
            target.view.store(try arguments.number("value"), at: address, width(name, "write"))
            return []
        case "read":
            return try Array("0x".utf8) + Numbers.hexadecimal(read(&arguments))
        case "b64read":
            return try Base64.encode(read(&arguments))
        case "write":
            let range = try arguments.range(limit: CommandRunner.transferLimit)
            guard let bytes = Numbers.bytes(hexadecimal: try arguments.word("data")) else {
                throw Refusal("data must be 0x and an even number of hexadecimal digits")
            }
            return write(bytes, to: range)
        case "b64write":
            let range = try arguments.range(limit: CommandRunner.transferLimit)
            guard let bytes = Base64.decode(try arguments.word("data")) else { throw Refusal("data must be base64") }
            return write(bytes, to: range)
        case "memset":
            return try fill(&arguments)
        case "clock_step":
            return try step(&arguments)
        case "clock_set":
            return try setClock(to: arguments.number("time"))
        case "irq_intercept_in":
            return try intercept(String(decoding: arguments.word("path"), as: UTF8.self))
        default:
            throw Refusal("Unknown command '\(name)'")
        }
    }

    /// The width that a command's last letter names.
    private func width(_ name: String, _ verb: String) -> AccessWidth {
        switch name.dropFirst(verb.count) {
        case "b": .one
        case "w": .two
        case "l": .four
        default: .eight
        }
    }

    // MARK: Ports and memory

    private func portRead(_ width: AccessWidth, _ arguments: inout Arguments) throws(Refusal) -> [UInt8] {
        Array(Numbers.text(target.ports.read(try arguments.port(), width), width: 4).utf8)
    }

    private func portWrite(_ width: AccessWidth, _ arguments: inout Arguments) throws(Refusal) -> [UInt8] {
        let port = try arguments.port()
        target.ports.write(try arguments.number("value") & width.mask, to: port, width)
        return []
    }

    private func read(_ arguments: inout Arguments) throws(Refusal) -> [UInt8] {
        target.view.bytes(of: try arguments.range(limit: CommandRunner.transferLimit))
    }

    /// Fewer bytes than were announced are followed by zeros, more are cut: so QEMU does it.
    private func write(_ bytes: [UInt8], to range: GuestRange) -> [UInt8] {
        var bytes = bytes.prefix(Int(range.count))
        bytes += repeatElement(0, count: Int(range.count) - bytes.count)
        target.view.write(Array(bytes), to: range)
        return []
    }

    /// Filling nothing is as good as filling something, and done by clients; reading and writing it is a mistake.
    private func fill(_ arguments: inout Arguments) throws(Refusal) -> [UInt8] {
        let range = try arguments.rangeIfAny(limit: CommandRunner.fillLimit)
        let pattern = UInt8(truncatingIfNeeded: try arguments.number("pattern"))
        if let range { target.view.fill(range, with: pattern) }
        return []
    }

    // MARK: Time

    private func step(_ arguments: inout Arguments) throws(Refusal) -> [UInt8] {
        let now = target.clock.now
        guard let step = try arguments.numberIfAny("nanoseconds") else {
            // To the next deadline; nowhere without one.
            return try setClock(to: target.clock.nextDeadline ?? now)
        }
        let (time, overflow) = now.addingReportingOverflow(step)
        guard !overflow else { throw Refusal("the clock ends before that") }
        return try setClock(to: time)
    }

    private func setClock(to time: UInt64) throws(Refusal) -> [UInt8] {
        guard target.clock.source == .manual else { throw Refusal("the clock of a running machine turns by itself") }
        guard time <= UInt64(Int64.max) else { throw Refusal("the clock ends before that") }
        target.clock.advance(to: time)
        return Array(String(target.clock.now).utf8)
    }

    // MARK: Interrupts

    private mutating func intercept(_ path: String) throws(Refusal) -> [UInt8] {
        guard let interrupts = target.interrupts, path == "ioapic" || path.hasSuffix("/ioapic") else {
            throw Refusal("Unknown device")
        }
        guard interceptedController == nil || interceptedController == path else {
            throw Refusal("IRQ intercept already enabled")
        }
        interceptedController = path
        let push = push
        interrupts.observe { line, level in push("IRQ \(level ? "raise" : "lower") \(line)") }
        return []
    }
}
