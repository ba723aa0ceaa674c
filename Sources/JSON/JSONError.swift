/// Why bytes are no JSON, or none that is taken here.
package enum JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `offset` counts bytes from 0; `reason` is the parser's phrase.
    case syntax(offset: Int, reason: String)
    case tooDeep(limit: Int)
    case tooLarge(limit: Int)
    /// The stream ended inside a value.
    case unfinished

    package var description: String {
        switch self {
        case .syntax(let offset, let reason): "The JSON is malformed at byte \(offset): \(reason)."
        case .tooDeep(let limit): "The JSON is nested deeper than \(limit) levels."
        case .tooLarge(let limit): "The JSON is longer than \(limit) bytes."
        case .unfinished: "The JSON ends in the middle of a value."
        }
    }
}

/// How much JSON is taken from one who may mean harm, or have lost his way.
package struct JSONLimits: Sendable, Equatable {
    /// Arrays and objects inside each other; parsing recurses, so it must suit the smallest stack.
    package var depth: Int
    /// Bytes of one value.
    package var size: Int

    /// - Parameter depth: at most 1024; jansson's own limit is 2048.
    package init(depth: Int = 128, size: Int = 64 << 20) {
        self.depth = min(depth, 1024)
        self.size = size
    }
}
