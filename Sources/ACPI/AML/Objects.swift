// The words that put an object into the namespace.
//
// ACPI 6.4 §20.2.5.1 and §20.2.5.2.

extension AML {
    /// Names a constant: an integer, string, buffer or package.
    package static func Name(_ path: Path, _ value: some Term) -> Bytecode {
        Bytecode(.name, path, value)
    }

    /// Opens an existing scope, to define objects within it.
    package static func Scope(_ path: Path, @TermList _ body: () -> Bytecode) -> Bytecode {
        Bytecode(.scope, enclosing: path, body())
    }

    /// Defines a device, and opens its scope.
    package static func Device(_ path: Path, @TermList _ body: () -> Bytecode) -> Bytecode {
        Bytecode(.device, enclosing: path, body())
    }

    /// Defines a method.
    ///
    /// - Parameters:
    ///   - arguments: How many it takes, `Arg0` and on: at most 7.
    ///   - serialized: Whether one call waits for another to end. A method that creates named objects must say so, as
    ///     two calls at once would create them twice.
    ///   - syncLevel: The level of the implicit mutex of a serialized method: at most 15.
    package static func Method(
        _ path: Path, arguments: UInt8 = 0, serialized: Bool = false, syncLevel: UInt8 = 0,
        @TermList _ body: () -> Bytecode
    ) -> Bytecode {
        let flags = arguments & 0x7 | (serialized ? 0x8 : 0) | (syncLevel & 0xF) << 4
        return Bytecode(.method, enclosing: path, raw(flags), body())
    }

    /// Calls a method. The grammar has no mark for it: the guest counts arguments by the method's own definition.
    package static func Call<each Argument: Term>(_ method: Path, _ arguments: repeat each Argument) -> Bytecode {
        var code = Bytecode()
        code.append(method)
        repeat code.append(each arguments)
        return code
    }

    /// Defines a mutex; methods acquire several in the order of their levels, 0 to 15.
    package static func Mutex(_ path: Path, syncLevel: UInt8 = 0) -> Bytecode {
        Bytecode(.mutex, path, raw(syncLevel & 0xF))
    }

    /// Names part of a buffer, so that it can be read and written as an integer of 8 bits.
    package static func CreateByteField(_ buffer: some Term, at index: some Term, _ path: Path) -> Bytecode {
        Bytecode(.createByteField, buffer, index, path)
    }

    /// Names part of a buffer, so that it can be read and written as an integer of 16 bits.
    package static func CreateWordField(_ buffer: some Term, at index: some Term, _ path: Path) -> Bytecode {
        Bytecode(.createWordField, buffer, index, path)
    }

    /// Names part of a buffer, so that it can be read and written as an integer of 32 bits.
    package static func CreateDWordField(_ buffer: some Term, at index: some Term, _ path: Path) -> Bytecode {
        Bytecode(.createDWordField, buffer, index, path)
    }

    /// Names part of a buffer, so that it can be read and written as an integer of 64 bits.
    package static func CreateQWordField(_ buffer: some Term, at index: some Term, _ path: Path) -> Bytecode {
        Bytecode(.createQWordField, buffer, index, path)
    }

    /// Names one bit of a buffer; unlike the others' index, `bit` does not count bytes.
    package static func CreateBitField(_ buffer: some Term, bit: some Term, _ path: Path) -> Bytecode {
        Bytecode(.createBitField, buffer, bit, path)
    }
}
