/// A table of AML: the machine's own (DSDT), or one that adds to it (SSDT).
///
/// ACPI 6.4 §5.2.11.1 and §5.2.11.2.
package struct DefinitionBlock: Sendable {
    package enum Kind: Sendable {
        case differentiated
        case secondary
    }

    private let kind: Kind
    private let code: AML.Bytecode

    package init(_ kind: Kind, @AML.TermList _ body: () -> AML.Bytecode) {
        self.kind = kind
        code = body()
    }

    /// Revision 2 is what makes the guest compute with 64-bit integers.
    package var table: Table {
        Table(kind == .differentiated ? "DSDT" : "SSDT", revision: 2, body: code.bytes)
    }
}
