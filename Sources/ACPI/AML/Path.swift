extension AML {
    /// The name of an object, relative to the scope it is used in or absolute.
    ///
    /// A string literal is a path wherever one is wanted: `"\\_SB.PCI0"` from the root, `"^PWRB"` from the parent,
    /// `"PCI0"` from here (a single segment is also searched for in the scopes around). Where any term may stand a
    /// literal is an AML string, so there a path says so: `Path("CDW1")`.
    ///
    /// ACPI 6.4 §20.2.2, `NameString`.
    package struct Path: SuperName, Sendable, Equatable, ExpressibleByStringLiteral {
        /// The root character, or one caret for each step towards it.
        private let prefix: [UInt8]
        private let segments: [NameSegment]

        /// The path that `text` spells, or nil if it is not one.
        package init?(parsing text: String) {
            let prefix = text.hasPrefix("\\") ? text.prefix(1) : text.prefix { $0 == "^" }
            let names = text.dropFirst(prefix.count)
            let parts = names.isEmpty ? [] : names.split(separator: ".", omittingEmptySubsequences: false)
            let segments = parts.compactMap { NameSegment($0) }
            // A relative path needs a name; the byte that counts the segments holds 255.
            guard segments.count == parts.count, segments.count <= 255, !(prefix.isEmpty && segments.isEmpty) else {
                return nil
            }
            self.prefix = Array(prefix.utf8)
            self.segments = segments
        }

        package init(_ segment: NameSegment) {
            prefix = []
            segments = [segment]
        }

        /// Stops the program on a malformed path, which can only be a literal in our own source.
        package init(stringLiteral text: String) {
            guard let path = Path(parsing: text) else {
                preconditionFailure("\"\(text)\" is not an ACPI path.")
            }
            self = path
        }

        package func encode(into code: inout Bytecode) {
            for byte in prefix {
                code.append(byte: byte)
            }
            switch segments.count {
            case 0:
                code.append(byte: 0)
            case 1:
                break
            case 2:
                code.append(.dualNamePrefix)
            default:
                code.append(.multiNamePrefix)
                code.append(byte: UInt8(truncatingIfNeeded: segments.count))
            }
            for byte in segments.flatMap(\.bytes) {
                code.append(byte: byte)
            }
        }
    }

    /// The destination of an operation whose result is only used as its value.
    ///
    /// ACPI 6.4 §20.2.2, `NullName`.
    package struct NoTarget: SuperName {
        package init() {}

        package func encode(into code: inout Bytecode) {
            code.append(byte: 0)
        }
    }
}
