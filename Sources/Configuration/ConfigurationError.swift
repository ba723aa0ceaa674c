/// Why a configuration was refused. Each case names what the user wrote and what would have been right.
///
/// `subject` is where it stood, in the user's words: `-device virtio-blk-pci`, `-smp`, `device_add virtio-net-pci`.
package enum ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `nearest` is the valid name that looks most like it, when one does.
    case unknownProperty(subject: String, name: String, nearest: String?)
    case missingProperty(subject: String, name: String)
    /// `allowed` completes "… takes".
    case badValue(subject: String, name: String, given: String, allowed: String)
    case duplicateProperty(subject: String, name: String)
    /// `kind` is a noun: "device", "object", "monitor".
    case duplicateIdentifier(kind: String, identifier: String)
    case malformedIdentifier(subject: String, identifier: String)
    /// A dotted key that is both a value and an object, or a list with a gap.
    case inconsistentKeys(subject: String, key: String)
    /// A topology whose numbers do not multiply out, or whose product is absurd.
    case badTopology(String)
    /// Two properties that exclude each other, or one that needs another; `rule` is the sentence after the subject.
    case conflict(subject: String, rule: String)
    /// Not the user's mistake: a reader was asked for a property its schema does not declare.
    case undeclaredProperty(subject: String, name: String)
    /// Not the user's mistake: a property is declared, was given, and no one read it.
    case unusedProperty(subject: String, name: String)

    package var description: String { sentence.onOneLine }

    private var sentence: String {
        switch self {
        case .unknownProperty(let subject, let name, let nearest?):
            "\(subject) has no property '\(name)'; did you mean '\(nearest)'?"
        case .unknownProperty(let subject, let name, nil):
            "\(subject) has no property '\(name)'."
        case .missingProperty(let subject, let name):
            "\(subject) needs the property '\(name)'."
        case .badValue(let subject, let name, let given, let allowed):
            "\(subject): '\(name)' takes \(allowed), not '\(given)'."
        case .duplicateProperty(let subject, let name):
            "\(subject): '\(name)' is given twice."
        case .duplicateIdentifier(let kind, let identifier):
            "There is more than one \(kind) with the id '\(identifier)'."
        case .malformedIdentifier(let subject, let identifier):
            "\(subject): '\(identifier)' is no valid id; "
                + "an id is a letter followed by letters, digits, '-', '.' or '_'."
        case .inconsistentKeys(let subject, let key):
            "\(subject): the keys under '\(key)' do not make one value."
        case .badTopology(let sentence):
            sentence
        case .conflict(let subject, let rule):
            "\(subject): \(rule)."
        case .undeclaredProperty(let subject, let name):
            "\(subject) reads the property '\(name)', which it does not declare."
        case .unusedProperty(let subject, let name):
            "\(subject) declares the property '\(name)' but cannot use it here."
        }
    }
}

extension String {
    /// The text with control characters as question marks: what a user or a client wrote is quoted in messages, and
    /// must neither break their line nor reach a terminal as commands.
    package var onOneLine: String {
        guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return self }
        return String(decoding: utf8.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }
}
