/// Where on its bus a function sits: device 0…31, function 0…7.
///
/// Written `1f.0`, `0x1.0x2` or `3` (function 0), in hexadecimal as `addr=` takes it. PCI 3.0 §3.2.2.3.4.
package struct PCIAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 0…31.
    package let device: UInt8
    /// 0…7.
    package let function: UInt8

    /// Nil outside the ranges above.
    package init?(device: Int, function: Int = 0) {
        guard (0..<32).contains(device), (0..<8).contains(function) else { return nil }
        self.device = UInt8(device)
        self.function = UInt8(function)
    }

    /// From the encoded form of configuration addresses: device in bits 7…3, function in bits 2…0.
    package init(devfn: UInt8) {
        device = devfn >> 3
        function = devfn & 7
    }

    /// Reads the form a user writes.
    package init(parsing text: String) throws(PCIError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let device = PCIAddress.hexadecimal(parts[0]),
            let function = parts.count == 1 ? 0 : PCIAddress.hexadecimal(parts[1]),
            let address = PCIAddress(device: device, function: function)
        else { throw .notAnAddress(text) }
        self = address
    }

    /// One or two hexadecimal digits, with or without `0x`.
    private static func hexadecimal(_ text: Substring) -> Int? {
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text
        guard (1...2).contains(digits.count), digits.allSatisfy(\.isHexDigit) else { return nil }
        return Int(digits, radix: 16)
    }

    package var devfn: UInt8 { device << 3 | function }

    package static func < (left: Self, right: Self) -> Bool { left.devfn < right.devfn }

    /// `1f.0`: two hexadecimal digits of device, one of function.
    package var description: String {
        (device < 16 ? "0" : "") + String(device, radix: 16) + "." + String(function)
    }
}
