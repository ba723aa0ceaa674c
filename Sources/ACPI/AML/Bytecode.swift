extension AML {
    /// Encoded AML: the result of every word, and the buffer it is written to.
    ///
    /// Bytecode is itself a term, so what one word returns is an operand of the next.
    package struct Bytecode: Term, Sendable, Equatable {
        package private(set) var bytes: [UInt8]

        package init(_ bytes: [UInt8] = []) {
            self.bytes = bytes
        }

        /// An operation: its code, then its operands in order.
        init<each Operand: Term>(_ opcode: Opcode, _ operands: repeat each Operand) {
            bytes = []
            append(opcode)
            repeat append(each operands)
        }

        /// An operation whose contents are preceded by their length, as everything is that a reader may skip.
        init<each Content: Term>(_ opcode: Opcode, enclosing first: some Term, _ rest: repeat each Content) {
            bytes = []
            append(opcode)
            var body = Bytecode()
            body.append(first)
            repeat body.append(each rest)
            appendPackageLength(of: body.bytes.count)
            append(body)
        }

        package func encode(into code: inout Bytecode) {
            code.bytes += bytes
        }

        mutating func append(_ term: some Term) {
            term.encode(into: &self)
        }

        mutating func append(_ opcode: Opcode) {
            if opcode.rawValue > 0xFF {
                bytes.append(UInt8(truncatingIfNeeded: opcode.rawValue >> 8))
            }
            bytes.append(UInt8(truncatingIfNeeded: opcode.rawValue))
        }

        /// Appends a byte as it is, where the grammar wants raw data and not an integer term.
        mutating func append(byte: UInt8) {
            bytes.append(byte)
        }

        mutating func append(littleEndian value: some FixedWidthInteger) {
            bytes.append(littleEndian: value)
        }
    }

    /// A byte of raw data among operands: flags, counts and codes that the grammar does not wrap as an integer term.
    static func raw(_ bytes: UInt8...) -> Bytecode {
        Bytecode(bytes)
    }
}

// MARK: PkgLength

extension AML.Bytecode {
    /// Appends the `PkgLength` of a body of `count` bytes.
    ///
    /// The number includes its own one to four bytes, so the width has to be found before the value: a body of 0x3E
    /// bytes is the longest for one, 0xFFD for two, 0xFFFFC for three.
    ///
    /// ACPI 6.4 §20.2.4.
    mutating func appendPackageLength(of count: Int) {
        let width = (1...3).first { count + $0 <= Self.largestLength(width: $0) } ?? 4
        appendPackageLength(count + width, width: width)
    }

    /// Appends a length in bits, as field lists have it: the same digits, not counting themselves.
    mutating func appendFieldLength(_ bits: Int) {
        let width = (1...3).first { bits <= Self.largestLength(width: $0) } ?? 4
        appendPackageLength(bits, width: width)
    }

    /// Six bits fit in one byte; four in the first of several, and eight in each that follows it.
    private static func largestLength(width: Int) -> Int {
        width == 1 ? 0x3F : (1 << (8 * width - 4)) - 1
    }

    /// The first of several bytes says in its top two bits how many follow.
    private mutating func appendPackageLength(_ value: Int, width: Int) {
        // 256 MiB of bytecode in one object is beyond any description of a machine.
        precondition(value <= Self.largestLength(width: 4), "An AML package is at most 268435455 bytes long.")
        guard width > 1 else {
            append(byte: UInt8(truncatingIfNeeded: value))
            return
        }
        append(byte: UInt8(truncatingIfNeeded: (width - 1) << 6 | (value & 0xF)))
        for index in 1..<width {
            append(byte: UInt8(truncatingIfNeeded: value >> (8 * index - 4)))
        }
    }
}
