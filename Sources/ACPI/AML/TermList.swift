extension AML {
    /// Joins the terms between braces into one piece of bytecode, in order; `if`, `switch` and `for` decide, in Swift
    /// and when the table is built, what stands there at all.
    ///
    /// ACPI 6.4 §20.2.5, `TermList`.
    @resultBuilder
    package enum TermList {
        package static func buildExpression(_ term: some Term) -> Bytecode {
            var code = Bytecode()
            code.append(term)
            return code
        }

        package static func buildBlock(_ parts: Bytecode...) -> Bytecode {
            buildArray(parts)
        }

        package static func buildArray(_ parts: [Bytecode]) -> Bytecode {
            var code = Bytecode()
            for part in parts {
                code.append(part)
            }
            return code
        }

        package static func buildOptional(_ part: Bytecode?) -> Bytecode {
            part ?? Bytecode()
        }

        package static func buildEither(first part: Bytecode) -> Bytecode {
            part
        }

        package static func buildEither(second part: Bytecode) -> Bytecode {
            part
        }
    }
}
