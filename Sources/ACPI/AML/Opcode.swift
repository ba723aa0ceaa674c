extension AML {
    /// The operation codes in use here; those above 0xFF are two bytes, the first being `ExtOpPrefix`.
    ///
    /// ACPI 6.4 §20.3.
    enum Opcode: UInt16 {
        // Constants and names
        case zero = 0x00
        case one = 0x01
        case name = 0x08
        case bytePrefix = 0x0A
        case wordPrefix = 0x0B
        case doubleWordPrefix = 0x0C
        case stringPrefix = 0x0D
        case quadWordPrefix = 0x0E
        case dualNamePrefix = 0x2E
        case multiNamePrefix = 0x2F
        case ones = 0xFF

        // Containers
        case scope = 0x10
        case buffer = 0x11
        case package = 0x12
        case varPackage = 0x13
        case method = 0x14

        // The first of eight locals and of seven arguments
        case local0 = 0x60
        case arg0 = 0x68

        // Operators
        case store = 0x70
        case add = 0x72
        case concatenate = 0x73
        case subtract = 0x74
        case increment = 0x75
        case decrement = 0x76
        case multiply = 0x77
        case divide = 0x78
        case shiftLeft = 0x79
        case shiftRight = 0x7A
        case and = 0x7B
        case or = 0x7D
        case xor = 0x7F
        case not = 0x80
        case derefOf = 0x83
        case mod = 0x85
        case notify = 0x86
        case sizeOf = 0x87
        case index = 0x88
        case createDWordField = 0x8A
        case createWordField = 0x8B
        case createByteField = 0x8C
        case createBitField = 0x8D
        case createQWordField = 0x8F
        case logicalAnd = 0x90
        case logicalOr = 0x91
        case logicalNot = 0x92
        case logicalEqual = 0x93
        case logicalGreater = 0x94
        case logicalLess = 0x95

        // Statements
        case `continue` = 0x9F
        case `if` = 0xA0
        case `else` = 0xA1
        case `while` = 0xA2
        case `return` = 0xA4
        case `break` = 0xA5

        // Extended
        case mutex = 0x5B01
        case sleep = 0x5B22
        case acquire = 0x5B23
        case release = 0x5B27
        case debug = 0x5B31
        case operationRegion = 0x5B80
        case field = 0x5B81
        case device = 0x5B82
        case indexField = 0x5B86
    }
}
