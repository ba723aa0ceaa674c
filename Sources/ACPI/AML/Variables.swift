extension AML {
    /// A local or an argument of the method being written.
    ///
    /// ACPI 6.4 §20.2.6.
    package struct Variable: SuperName, Sendable {
        fileprivate let code: UInt8

        package func encode(into code: inout Bytecode) {
            code.append(byte: self.code)
        }

        fileprivate init(_ first: Opcode, _ index: UInt8) {
            code = UInt8(truncatingIfNeeded: first.rawValue) + index
        }
    }

    package static let Local0 = Variable(.local0, 0)
    package static let Local1 = Variable(.local0, 1)
    package static let Local2 = Variable(.local0, 2)
    package static let Local3 = Variable(.local0, 3)
    package static let Local4 = Variable(.local0, 4)
    package static let Local5 = Variable(.local0, 5)
    package static let Local6 = Variable(.local0, 6)
    package static let Local7 = Variable(.local0, 7)

    package static let Arg0 = Variable(.arg0, 0)
    package static let Arg1 = Variable(.arg0, 1)
    package static let Arg2 = Variable(.arg0, 2)
    package static let Arg3 = Variable(.arg0, 3)
    package static let Arg4 = Variable(.arg0, 4)
    package static let Arg5 = Variable(.arg0, 5)
    package static let Arg6 = Variable(.arg0, 6)

    /// What is stored here, a debugger in the guest prints.
    package struct DebugObject: SuperName, Sendable {
        package func encode(into code: inout Bytecode) {
            code.append(.debug)
        }
    }

    package static let Debug = DebugObject()
}
