// Expressions. Arithmetic has its result as a value, and stores it too if it is given a target; logic only has a value:
// zero, or all ones for true.
//
// ACPI 6.4 §20.2.5.4.

// MARK: Arithmetic

extension AML {
    package static func Add(_ left: some Term, _ right: some Term, to target: some SuperName = NoTarget()) -> Bytecode {
        Bytecode(.add, left, right, target)
    }

    package static func Subtract(
        _ left: some Term, _ right: some Term, to target: some SuperName = NoTarget()
    ) -> Bytecode {
        Bytecode(.subtract, left, right, target)
    }

    package static func Multiply(
        _ left: some Term, _ right: some Term, to target: some SuperName = NoTarget()
    ) -> Bytecode {
        Bytecode(.multiply, left, right, target)
    }

    /// Divides; the value is the quotient. Dividing by zero ends the method with an error.
    package static func Divide(
        _ dividend: some Term, _ divisor: some Term, remainder: some SuperName = NoTarget(),
        quotient: some SuperName = NoTarget()
    ) -> Bytecode {
        Bytecode(.divide, dividend, divisor, remainder, quotient)
    }

    package static func Mod(_ left: some Term, _ right: some Term, to target: some SuperName = NoTarget()) -> Bytecode {
        Bytecode(.mod, left, right, target)
    }

    package static func ShiftLeft(
        _ value: some Term, _ bits: some Term, to target: some SuperName = NoTarget()
    ) -> Bytecode {
        Bytecode(.shiftLeft, value, bits, target)
    }

    package static func ShiftRight(
        _ value: some Term, _ bits: some Term, to target: some SuperName = NoTarget()
    ) -> Bytecode {
        Bytecode(.shiftRight, value, bits, target)
    }

    package static func And(_ left: some Term, _ right: some Term, to target: some SuperName = NoTarget()) -> Bytecode {
        Bytecode(.and, left, right, target)
    }

    package static func Or(_ left: some Term, _ right: some Term, to target: some SuperName = NoTarget()) -> Bytecode {
        Bytecode(.or, left, right, target)
    }

    package static func XOr(_ left: some Term, _ right: some Term, to target: some SuperName = NoTarget()) -> Bytecode {
        Bytecode(.xor, left, right, target)
    }

    package static func Not(_ value: some Term, to target: some SuperName = NoTarget()) -> Bytecode {
        Bytecode(.not, value, target)
    }

    /// Joins two strings, two buffers or the bytes of two integers.
    package static func Concatenate(
        _ left: some Term, _ right: some Term, to target: some SuperName = NoTarget()
    ) -> Bytecode {
        Bytecode(.concatenate, left, right, target)
    }
}

// MARK: Logic

extension AML {
    package static func LAnd(_ left: some Term, _ right: some Term) -> Bytecode {
        Bytecode(.logicalAnd, left, right)
    }

    package static func LOr(_ left: some Term, _ right: some Term) -> Bytecode {
        Bytecode(.logicalOr, left, right)
    }

    package static func LNot(_ value: some Term) -> Bytecode {
        Bytecode(.logicalNot, value)
    }

    package static func LEqual(_ left: some Term, _ right: some Term) -> Bytecode {
        Bytecode(.logicalEqual, left, right)
    }

    package static func LLess(_ left: some Term, _ right: some Term) -> Bytecode {
        Bytecode(.logicalLess, left, right)
    }

    package static func LGreater(_ left: some Term, _ right: some Term) -> Bytecode {
        Bytecode(.logicalGreater, left, right)
    }

    // The other three have no code of their own: AML negates.

    package static func LNotEqual(_ left: some Term, _ right: some Term) -> Bytecode {
        LNot(LEqual(left, right))
    }

    package static func LLessEqual(_ left: some Term, _ right: some Term) -> Bytecode {
        LNot(LGreater(left, right))
    }

    package static func LGreaterEqual(_ left: some Term, _ right: some Term) -> Bytecode {
        LNot(LLess(left, right))
    }
}

// MARK: References

extension AML {
    /// An element of a package, buffer or string. Unlike other expressions it names a place.
    package struct Element: SuperName {
        fileprivate let code: Bytecode

        package func encode(into code: inout Bytecode) {
            code.append(self.code)
        }
    }

    /// A reference to the element of `collection` at `index`.
    package static func Index(_ collection: some Term, _ index: some Term) -> Element {
        Element(code: Bytecode(.index, collection, index, NoTarget()))
    }

    /// What a reference refers to.
    package static func DerefOf(_ reference: some Term) -> Bytecode {
        Bytecode(.derefOf, reference)
    }

    /// The bytes of a buffer, the characters of a string or the elements of a package.
    package static func SizeOf(_ object: some SuperName) -> Bytecode {
        Bytecode(.sizeOf, object)
    }
}
