package import Configuration
internal import JSON
package import Machine

/// One QMP command, declared once: name, arguments, result and what it does.
///
///     Command("query-status", returns: StatusInformation.self) { context in StatusInformation(…) }
///
/// `query-commands`, `query-qmp-schema`, the reader of the arguments and the dispatcher all use this one value.
package struct Command: Sendable {
    package let name: String
    /// Whether it may come before `qmp_capabilities`; only that command itself may.
    package let isNegotiation: Bool
    let schema: PropertySchema
    package let result: SchemaType
    private let body: @Sendable (CommandContext, inout PropertyReader) throws -> JSON

    /// A command with arguments, read by declared properties.
    package init<Result: ReplyValue>(
        _ name: String, _ schema: PropertySchema = PropertySchema(), returns: Result.Type, isNegotiation: Bool = false,
        _ body: @escaping @Sendable (CommandContext, inout PropertyReader) throws -> Result
    ) {
        self.name = name
        self.schema = schema
        self.isNegotiation = isNegotiation
        result = Result.schema
        self.body = { try body($0, &$1).json }
    }

    /// A command without arguments.
    package init<Result: ReplyValue>(
        _ name: String, returns: Result.Type, isNegotiation: Bool = false,
        _ body: @escaping @Sendable (CommandContext) throws -> Result
    ) {
        self.init(name, PropertySchema(), returns: returns, isNegotiation: isNegotiation) { context, _ in
            try body(context)
        }
    }

    /// A command whose success is all it answers.
    package init(
        _ name: String, isNegotiation: Bool = false, _ body: @escaping @Sendable (CommandContext) throws -> Void
    ) {
        self.init(name, PropertySchema(), returns: Nothing.self, isNegotiation: isNegotiation) { context, _ in
            try body(context)
            return Nothing()
        }
    }

    /// The arguments as the schema shows them.
    package var arguments: SchemaType {
        guard !schema.declarations.isEmpty else { return .empty }
        return .object(name: "\(name)-arg", schema.declarations.map(SchemaMember.init))
    }

    /// Reads the arguments and does it.
    func run(_ context: CommandContext, arguments: Properties) throws(QMPError) -> JSON {
        do {
            var reader = try PropertyReader(arguments, schema, subject: name)
            return try body(context, &reader)
        } catch let error as QMPError {
            throw error
        } catch let error as ConfigurationError {
            throw QMPError(.genericError, error.description)
        } catch let error as MachineError {
            throw QMPError(.genericError, error.description)
        } catch {
            throw QMPError(.genericError, "\(error)")
        }
    }
}

/// What a command works on.
package struct CommandContext: Sendable {
    package let machine: Machine
    let monitor: Monitor
    let session: Session
}

extension SchemaMember {
    /// An argument's description from the property that reads it.
    init(_ declaration: PropertyDeclaration) {
        let type: SchemaType =
            switch declaration.kind {
            case .string: .string
            case .boolean: .boolean
            case .size, .integer: .integer
            case .list: .array(.any)
            case .object: .any
            case .choice(let words): .enumeration(name: "\(declaration.name)-choice-\(words.joined(separator: "-"))", words)
            }
        self.init(declaration.name, type, isOptional: true)
    }
}
