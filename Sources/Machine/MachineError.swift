package import Configuration
package import Host

/// Why a machine could not be built, or an operation on it not be carried out. Each case is a sentence for the user.
package enum MachineError: Error, Sendable, CustomStringConvertible {
    /// An option or argument was wrong.
    case configuration(ConfigurationError)
    /// A part below refused; its own sentence, behind the option it came from.
    case part(option: String, reason: String)
    /// No such thing as what a name stands for.
    case unknown(kind: String, name: String, nearest: String?, hint: String)
    /// An operation that this state does not allow.
    case notNow(String)
    /// A system call failed while doing `action`.
    case system(action: String, errno: Errno)

    package var description: String {
        switch self {
        case .configuration(let error): error.description
        case .part(let option, let reason): "\(option): \(reason)"
        case .unknown(let kind, let name, let nearest?, _):
            "There is no \(kind) '\(name)'; did you mean '\(nearest)'?"
        case .unknown(let kind, let name, nil, let hint): "There is no \(kind) '\(name)'; \(hint)."
        case .notNow(let reason): reason
        case .system(let action, let errno): "Cannot \(action): \(errno)."
        }
    }
}

/// Runs `body`, putting the option it belongs to before whatever error it throws.
func blaming<Result: ~Copyable, Failure: Error & CustomStringConvertible>(
    _ option: String, _ body: () throws(Failure) -> Result
) throws(MachineError) -> Result {
    do throws(Failure) {
        return try body()
    } catch {
        throw .part(option: option, reason: error.description)
    }
}

/// Runs `body`, passing a configuration error on as it is: it names its option itself.
func configured<Result>(_ body: () throws(ConfigurationError) -> Result) throws(MachineError) -> Result {
    do throws(ConfigurationError) {
        return try body()
    } catch {
        throw .configuration(error)
    }
}

extension PropertyReader {
    /// `value`, with its error as the machine's.
    mutating func get<Content>(_ property: Property<Content>) throws(MachineError) -> Content {
        do throws(ConfigurationError) {
            return try value(property)
        } catch {
            throw .configuration(error)
        }
    }

    /// `optional`, with its error as the machine's.
    mutating func find<Content>(_ property: Property<Content>) throws(MachineError) -> Content? {
        do throws(ConfigurationError) {
            return try optional(property)
        } catch {
            throw .configuration(error)
        }
    }

    /// Reads a property whose only possible value is `allowed`, since Apus has nothing else.
    mutating func insist<Content: Equatable>(
        _ property: Property<Content>, is allowed: Content, otherwise reason: String
    ) throws(MachineError) {
        let value = try find(property)
        guard value == nil || value == allowed else {
            throw .part(option: subject, reason: "'\(property.name)': \(reason)")
        }
    }
}
