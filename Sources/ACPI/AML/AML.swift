/// ACPI Machine Language, written in Swift.
///
/// A guest's operating system learns what the firmware tables cannot say in fixed fields (devices, their resources,
/// and how to switch the machine off) from a small byte-coded language. This folder is its assembler. A definition
/// block reads as the ASL of the specification does, with a result builder where ASL has braces:
///
///     Scope("\\_SB") {
///         Device("COM1") {
///             Name("_HID", EISAID("PNP0501"))
///             Name("_UID", 1)
///             Name("_CRS", ResourceTemplate {
///                 IO(0x3F8, length: 8)
///                 IRQNoFlags(4)
///             })
///         }
///     }
///
/// Three ideas carry it:
///
/// - Every word of the language is a function that returns `Bytecode`, encoded at once. A builder only joins bytes, so
///   there is no tree of nodes, no existential, and no second pass.
/// - What may stand where is the type system's concern: an operand is any `Term` (a Swift integer is an AML integer, a
///   Swift string an AML string), while a destination must be a `SuperName`: a path, a local, an argument.
/// - Words keep the capital and the spelling ASL gives them, since they are that language's words. They live in this
///   namespace, where they shadow nothing of Swift's; code that writes AML is written in an `extension AML`.
///
/// Nothing here throws. A malformed name or identifier can only be a literal in our own source, and stops the first
/// test that runs it; numbers which come from a user's configuration have types that every value encodes in.
///
/// ACPI 6.4 §19 (the words) and §20 (the bytes).
package enum AML {
    /// Anything that AML can evaluate: a constant, a name, a local, an argument, or an operation on those.
    ///
    /// ACPI 6.4 §20.2.5, `TermArg`.
    package protocol Term {
        /// Appends the term's encoding to `code`.
        func encode(into code: inout Bytecode)
    }

    /// A term that names a place, and so can be stored to, notified or acquired.
    ///
    /// ACPI 6.4 §20.2.2, `SuperName`.
    package protocol SuperName: Term {}
}
