package import Bus
internal import Glibc
package import Host

/// The test's side of the qtest protocol: a guest's accesses, made over a socket.
///
/// Everything waits for its reply, at most a minute. `IRQ` lines that come between are kept.
package final class QTestClient: GuestAccess {
    private let socket: FileDescriptor
    private var buffer: [UInt8] = []
    /// What `irq_intercept_in` told since the last question: `raise 4`.
    private var told: [String] = []

    /// Over a connected socket.
    package init(_ socket: consuming FileDescriptor) { self.socket = socket }

    /// Sends a line without waiting for anything.
    package func send(_ line: String) { sendAll(Array((line + "\n").utf8)) }

    /// Sends a command; its reply, or nil if none comes.
    package func command(_ line: String) -> String? {
        send(line)
        return reply()
    }

    /// The next line that is no interrupt.
    package func reply() -> String? {
        while let line = nextLine() {
            guard let change = line.dropPrefix("IRQ ") else { return line }
            told.append(String(change))
        }
        return nil
    }

    /// The interrupts told so far.
    package func takeInterrupts() -> [String] {
        defer { told = [] }
        return told
    }

    private func value(_ line: String) -> UInt64 {
        guard let text = command(line)?.dropPrefix("OK 0x") else { return .max }
        return UInt64(text, radix: 16) ?? .max
    }

    private func letter(_ width: AccessWidth) -> String {
        switch width {
        case .one: "b"
        case .two: "w"
        case .four: "l"
        case .eight: "q"
        }
    }

    private func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

    // MARK: GuestAccess

    package func input(_ port: UInt16, _ width: AccessWidth) -> UInt64 { value("in\(letter(width)) \(port)") }

    package func output(_ value: UInt64, to port: UInt16, _ width: AccessWidth) {
        _ = command("out\(letter(width)) \(port) \(hexadecimal(value & width.mask))")
    }

    package func load(_ address: UInt64, _ width: AccessWidth) -> UInt64 {
        value("read\(letter(width)) \(hexadecimal(address))")
    }

    package func store(_ value: UInt64, at address: UInt64, _ width: AccessWidth) {
        _ = command("write\(letter(width)) \(hexadecimal(address)) \(hexadecimal(value & width.mask))")
    }

    package func bytes(at address: UInt64, count: Int) -> [UInt8] {
        guard count > 0, let text = command("read \(hexadecimal(address)) \(count)")?.dropPrefix("OK 0x") else {
            return []
        }
        let digits = Array(text)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
    }

    package func write(_ bytes: [UInt8], at address: UInt64) {
        guard !bytes.isEmpty else { return }
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        _ = command("write \(hexadecimal(address)) \(bytes.count) 0x\(digits)")
    }

    // MARK: Bytes

    private func nextLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0a) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line
            }
            guard let bytes = QMPWire.read(socket.rawValue, seconds: 60) else { return nil }
            buffer += bytes
        }
    }

    private func sendAll(_ bytes: [UInt8]) { QMPWire.write(socket.rawValue, bytes) }
}

extension String {
    fileprivate func dropPrefix(_ prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
