/// Keys and values in the order they were given.
///
/// A key appears once: the command line lets the last of two equal keys win, as QEMU does; JSON refuses the second.
/// Options have a handful of keys, so the store is an array and lookups walk it.
package struct Properties: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package struct Entry: Sendable, Equatable {
        package var key: String
        package var value: Value
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    /// Text values, mostly for tests: `["drive": "d0"]`. A repeated key keeps its last value.
    package init(dictionaryLiteral elements: (String, Value)...) {
        for (key, value) in elements { self[key] = value }
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var keys: [String] { entries.map(\.key) }

    /// The value of `key`. Setting keeps the place of a key that was there, and appends a new one; `nil` removes.
    package subscript(key: String) -> Value? {
        get { entries.first { $0.key == key }?.value }
        set {
            let place = entries.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): entries[place].value = value
            case (let place?, nil): entries.remove(at: place)
            case (nil, let value?): entries.append(Entry(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Takes `key` out and returns what it had.
    package mutating func remove(_ key: String) -> Value? {
        guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
        return entries.remove(at: place).value
    }

    /// Lets `other`'s values win over those here, as a repeated `-machine` does.
    package mutating func merge(_ other: Properties) {
        for entry in other.entries { self[entry.key] = entry.value }
    }

    /// Fills in what is not set here, as `-global` does for the devices of a driver.
    package mutating func fill(from defaults: Properties) {
        for entry in defaults.entries where self[entry.key] == nil { self[entry.key] = entry.value }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
}
