// What methods do.
//
// ACPI 6.4 §20.2.5.3.

extension AML {
    /// Runs `body` if `condition` is not zero.
    package static func If(_ condition: some Term, @TermList _ body: () -> Bytecode) -> Bytecode {
        Bytecode(.if, enclosing: condition, body())
    }

    /// Runs `body` if `condition` is not zero, else `otherwise`: `If(x) { … } else: { … }`.
    package static func If(
        _ condition: some Term, @TermList _ body: () -> Bytecode, @TermList else otherwise: () -> Bytecode
    ) -> Bytecode {
        var code = If(condition, body)
        code.append(Bytecode(.else, enclosing: otherwise()))
        return code
    }

    /// Runs `body` for as long as `condition` is not zero.
    package static func While(_ condition: some Term, @TermList _ body: () -> Bytecode) -> Bytecode {
        Bytecode(.while, enclosing: condition, body())
    }

    /// Leaves the innermost loop.
    package static var Break: Bytecode { Bytecode(.break) }

    /// Goes on with the next round of the innermost loop.
    package static var Continue: Bytecode { Bytecode(.continue) }

    /// Ends the method with a value.
    package static func Return(_ value: some Term) -> Bytecode {
        Bytecode(.return, value)
    }

    /// Copies `value` to `target`, converting it to what the target holds.
    package static func Store(_ value: some Term, to target: some SuperName) -> Bytecode {
        Bytecode(.store, value, target)
    }

    /// Adds one to `target`.
    package static func Increment(_ target: some SuperName) -> Bytecode {
        Bytecode(.increment, target)
    }

    /// Takes one from `target`.
    package static func Decrement(_ target: some SuperName) -> Bytecode {
        Bytecode(.decrement, target)
    }

    /// Tells the operating system's driver of `object` that something happened; the codes are in ACPI 6.4 §5.6.6.
    package static func Notify(_ object: some SuperName, _ code: some Term) -> Bytecode {
        Bytecode(.notify, object, code)
    }

    /// Waits for `mutex`, for `timeout` milliseconds or, at 0xFFFF, for ever. Its value is true if the time ran out.
    package static func Acquire(_ mutex: some SuperName, timeout: UInt16 = 0xFFFF) -> Bytecode {
        var code = Bytecode(.acquire, mutex)
        code.append(littleEndian: timeout)
        return code
    }

    /// Gives `mutex` back.
    package static func Release(_ mutex: some SuperName) -> Bytecode {
        Bytecode(.release, mutex)
    }

    /// Gives up the processor for that many milliseconds.
    package static func Sleep(milliseconds: some Term) -> Bytecode {
        Bytecode(.sleep, milliseconds)
    }
}
