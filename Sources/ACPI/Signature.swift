/// The four letters that say what a table is.
///
/// The root pointer, whose own mark has eight, goes by `RSDP` here. ACPI 6.4 §5.2.6.
package struct Signature: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    let bytes: [UInt8]

    /// Stops the program unless there are four letters; only a literal in our own source gets here.
    package init(stringLiteral text: String) {
        bytes = Array(text.utf8)
        precondition(bytes.count == 4, "\"\(text)\" is not the signature of an ACPI table.")
    }

    package var description: String {
        String(decoding: bytes, as: UTF8.self)
    }
}
