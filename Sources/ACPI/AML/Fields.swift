// Registers: an operation region opens a window on an address space, and a field list names the bits in it.
//
// ACPI 6.4 §20.2.5.2.

extension AML {
    /// The address space of an operation region. ACPI 6.4 §19.6.101.
    package enum RegionSpace: UInt8 {
        case systemMemory = 0
        case systemIO = 1
        case pciConfig = 2
    }

    /// The width of each access to the registers behind a field. ACPI 6.4 §19.6.48.
    package enum FieldAccess: UInt8 {
        case any = 0
        case byte = 1
        case word = 2
        case doubleWord = 3
        case quadWord = 4
    }

    /// What a write to some bits of a register does to the others in the same access. ACPI 6.4 §19.6.48.
    package enum FieldUpdate: UInt8 {
        case preserve = 0
        case writeAsOnes = 1
        case writeAsZeros = 2
    }

    /// One entry of a field list.
    package enum FieldElement {
        /// A name for the next `bits` bits.
        case field(NameSegment, bits: Int)
        /// That many bits without a name.
        case reserved(bits: Int)
        /// Skips to a byte from the start of the region; not backwards.
        case offset(bytes: Int)

        /// A name for the next `bits` bits.
        package static func field(_ name: String, _ bits: Int) -> FieldElement {
            guard let segment = NameSegment(name) else {
                preconditionFailure("\"\(name)\" is not an ACPI name.")
            }
            return .field(segment, bits: bits)
        }
    }

    /// Opens `length` bytes of an address space from `offset` on.
    package static func OperationRegion(
        _ path: Path, _ space: RegionSpace, _ offset: some Term, length: some Term
    ) -> Bytecode {
        Bytecode(.operationRegion, path, raw(space.rawValue), offset, length)
    }

    /// Names the bits of an operation region, from its first on.
    package static func Field(
        _ region: Path, _ access: FieldAccess, lock: Bool = false, update: FieldUpdate = .preserve,
        _ elements: [FieldElement]
    ) -> Bytecode {
        Bytecode(.field, enclosing: region, fieldFlags(access, lock, update), fieldList(elements))
    }

    /// Names the bits behind a pair of registers: the byte offset is written to `index`, the bits are those of `data`.
    package static func IndexField(
        _ index: Path, _ data: Path, _ access: FieldAccess, lock: Bool = false, update: FieldUpdate = .preserve,
        _ elements: [FieldElement]
    ) -> Bytecode {
        Bytecode(.indexField, enclosing: index, data, fieldFlags(access, lock, update), fieldList(elements))
    }

    private static func fieldFlags(_ access: FieldAccess, _ lock: Bool, _ update: FieldUpdate) -> Bytecode {
        raw(access.rawValue | (lock ? 0x10 : 0) | update.rawValue << 5)
    }

    /// Encodes a field list; an offset is reserved bits from where the list has come to.
    private static func fieldList(_ elements: [FieldElement]) -> Bytecode {
        var code = Bytecode()
        var position = 0
        func reserve(_ bits: Int) {
            code.append(byte: 0)
            code.appendFieldLength(bits)
            position += bits
        }
        for element in elements {
            switch element {
            case .field(let name, let bits):
                for byte in name.bytes {
                    code.append(byte: byte)
                }
                code.appendFieldLength(bits)
                position += bits
            case .reserved(let bits):
                reserve(bits)
            case .offset(let bytes):
                precondition(bytes * 8 >= position, "A field list only moves forwards.")
                reserve(bytes * 8 - position)
            }
        }
        return code
    }
}
