extension Properties {
    /// Keys may have this many parts; what folds must be walked again, and by recursion.
    private static let partLimit = 32

    /// The properties with dotted keys made into what they spell: `file.driver=raw` into an object under `file`,
    /// `server.0.host=a` into a list under `server`.
    ///
    /// - Throws: `inconsistentKeys` when a key is both a value and a container, or a list's numbers have a gap.
    package func folded(subject: String) throws(ConfigurationError) -> Properties {
        var result = Properties()
        for entry in entries {
            let parts = entry.key.split(separator: ".", omittingEmptySubsequences: false)
            guard !parts.contains(""), parts.count <= Self.partLimit else {
                throw .inconsistentKeys(subject: subject, key: entry.key)
            }
            guard result.insert(entry.value, at: parts[...]) else {
                throw .inconsistentKeys(subject: subject, key: entry.key)
            }
        }
        return try result.withLists(subject: subject)
    }

    /// Puts `value` where `parts` lead; `false` when something else is in the way.
    private mutating func insert(_ value: Value, at parts: ArraySlice<Substring>) -> Bool {
        guard let first = parts.first else { return false }
        let key = String(first)
        guard parts.count > 1 else {
            guard self[key] == nil else { return false }
            self[key] = value
            return true
        }
        var inner: Properties
        switch self[key] {
        case nil: inner = Properties()
        case .object(let properties)?: inner = properties
        default: return false
        }
        guard inner.insert(value, at: parts.dropFirst()) else { return false }
        self[key] = .object(inner)
        return true
    }

    /// Turns objects whose keys are 0, 1, 2, … into lists, all the way down.
    private func withLists(subject: String) throws(ConfigurationError) -> Properties {
        var result = Properties()
        for entry in entries {
            guard case .object(let inner) = entry.value else {
                result[entry.key] = entry.value
                continue
            }
            let folded = try inner.withLists(subject: subject)
            let numbers = folded.keys.map { Int($0) }
            guard !numbers.isEmpty, numbers.contains(where: { $0 != nil }) else {
                result[entry.key] = .object(folded)
                continue
            }
            var elements: [Value] = []
            for index in numbers.indices {
                guard let element = folded[String(index)] else {
                    throw .inconsistentKeys(subject: subject, key: entry.key)
                }
                elements.append(element)
            }
            result[entry.key] = .list(elements)
        }
        return result
    }
}
