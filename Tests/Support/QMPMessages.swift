package import JSON

/// Cuts what a monitor sends into messages, and notes what is wrong with their form.
package struct QMPMessages {
    private var bytes: [UInt8] = []
    /// Lines that were no JSON object, or did not end in `\r\n`.
    package private(set) var malformed: [String] = []

    package init() {}

    /// The bytes of an unfinished line.
    package var unfinished: Int { bytes.count }

    package mutating func feed(_ more: [UInt8]) -> [JSON] {
        bytes += more
        var messages: [JSON] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0a) {
            let line = bytes[start...end]
            start = end + 1
            guard line.suffix(2) == [0x0d, 0x0a], let message = try? JSON.parse(line), message.objectValue != nil else {
                malformed.append(String(decoding: line, as: UTF8.self))
                continue
            }
            messages.append(message)
        }
        bytes.removeFirst(start)
        return messages
    }
}
