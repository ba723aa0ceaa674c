internal import JSON

/// The error a QMP client gets: a class it can act on and a sentence for a person.
package struct QMPError: Error, Sendable, Equatable {
    /// QEMU's closed set; clients compare these words.
    package enum Class: String, Sendable {
        case genericError = "GenericError"
        case commandNotFound = "CommandNotFound"
        case deviceNotFound = "DeviceNotFound"
        case deviceNotActive = "DeviceNotActive"
        case kvmMissingCapability = "KVMMissingCap"
    }

    package let errorClass: Class
    package let text: String

    package init(_ errorClass: Class, _ text: String) {
        self.errorClass = errorClass
        self.text = text
    }

    /// The class of everything that has none of its own.
    package init(_ text: String) { self.init(.genericError, text) }

    var json: JSON { ["class": .string(errorClass.rawValue), "desc": .string(text)] }
}
