// Swift's integers and strings are AML's, so that data reads as data.
//
// ACPI 6.4 §20.2.3. Definition blocks of revision 2 and later have 64-bit integers, and all of ours are.

extension AML.Term where Self: FixedWidthInteger {
    /// Encodes the integer in the shortest form; a negative one is its 64-bit pattern, so −1 is `Ones`.
    package func encode(into code: inout AML.Bytecode) {
        let value = UInt64(truncatingIfNeeded: self)
        switch value {
        case 0:
            code.append(.zero)
        case 1:
            code.append(.one)
        case .max:
            code.append(.ones)
        case ...0xFF:
            code.append(.bytePrefix)
            code.append(littleEndian: UInt8(truncatingIfNeeded: value))
        case ...0xFFFF:
            code.append(.wordPrefix)
            code.append(littleEndian: UInt16(truncatingIfNeeded: value))
        case ...0xFFFF_FFFF:
            code.append(.doubleWordPrefix)
            code.append(littleEndian: UInt32(truncatingIfNeeded: value))
        default:
            code.append(.quadWordPrefix)
            code.append(littleEndian: value)
        }
    }
}

extension Int: AML.Term {}
extension UInt8: AML.Term {}
extension UInt16: AML.Term {}
extension UInt32: AML.Term {}
extension UInt64: AML.Term {}

extension String: AML.Term {
    /// Encodes the string with its end mark; characters outside ASCII, which AML has no room for, become `?`.
    package func encode(into code: inout AML.Bytecode) {
        code.append(.stringPrefix)
        for scalar in unicodeScalars {
            let isEncodable = scalar.isASCII && scalar.value != 0
            code.append(byte: isEncodable ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "?"))
        }
        code.append(byte: 0)
    }
}

extension AML {
    /// The number that stands for a Plug and Play identifier: three letters and four hexadecimal digits.
    ///
    /// Stops the program on anything else, which can only be a literal in our own source. ACPI 6.4 §19.6.37.
    package static func EISAID(_ identifier: String) -> UInt32 {
        let letters = identifier.utf8.prefix(3)
        let digits = identifier.dropFirst(3)
        guard letters.allSatisfy((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains), digits.utf8.count == 4,
            let product = UInt32(digits, radix: 16)
        else {
            preconditionFailure("\"\(identifier)\" is not an EISA identifier.")
        }
        // Five bits a letter, A being 1, in the byte order of the EISA bus, which is not the PC's.
        let vendor = letters.reduce(UInt32(0)) { $0 << 5 | UInt32($1 & 0x1F) }
        return (vendor << 16 | product).byteSwapped
    }

    /// A buffer with the sixteen bytes of a UUID, in the mixed order of Microsoft's GUIDs.
    ///
    /// Stops the program on a malformed one, which can only be a literal in our own source. ACPI 6.4 §19.6.136.
    package static func ToUUID(_ text: String) -> Bytecode {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        let values = groups.compactMap { UInt64($0, radix: 16) }
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], values.count == 5 else {
            preconditionFailure("\"\(text)\" is not a UUID.")
        }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: values[0]))
        bytes.append(littleEndian: UInt16(truncatingIfNeeded: values[1]))
        bytes.append(littleEndian: UInt16(truncatingIfNeeded: values[2]))
        // The last two groups are a string of bytes, and keep their order.
        bytes.append(littleEndian: UInt16(truncatingIfNeeded: values[3]).byteSwapped)
        bytes.append(littleEndian: UInt16(truncatingIfNeeded: values[4] >> 32).byteSwapped)
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: values[4]).byteSwapped)
        return Buffer(bytes)
    }

    /// A buffer that holds `bytes`.
    ///
    /// ACPI 6.4 §20.2.5.4, `DefBuffer`.
    package static func Buffer(_ bytes: [UInt8]) -> Bytecode {
        Bytecode(.buffer, enclosing: bytes.count, Bytecode(bytes))
    }

    /// A list of constants and names.
    ///
    /// The plain form counts its elements in a byte, so a longer list is encoded in the form for computed lengths.
    /// ACPI 6.4 §20.2.5.4, `DefPackage`.
    package static func Package(_ elements: [Bytecode]) -> Bytecode {
        let contents = TermList.buildArray(elements)
        guard let count = UInt8(exactly: elements.count) else {
            return Bytecode(.varPackage, enclosing: elements.count, contents)
        }
        return Bytecode(.package, enclosing: raw(count), contents)
    }

    /// A list of these constants and names.
    package static func Package<each Element: Term>(_ elements: repeat each Element) -> Bytecode {
        var list: [Bytecode] = []
        repeat list.append(TermList.buildExpression(each elements))
        return Package(list)
    }

    /// A list whose length the guest computes; elements beyond those given are uninitialised.
    ///
    /// ACPI 6.4 §20.2.5.4, `DefVarPackage`.
    package static func VarPackage<each Element: Term>(
        count: some Term, _ elements: repeat each Element
    ) -> Bytecode {
        Bytecode(.varPackage, enclosing: count, repeat each elements)
    }
}
