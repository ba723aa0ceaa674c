/// The one way from `Properties` to a typed struct.
///
///     init(_ reader: inout PropertyReader) throws(ConfigurationError) {
///         drive = try reader.value(Self.drive)            // given, or its default, or "needs the property"
///         serial = try reader.optional(Self.serial)       // nil when not given
///     }
///     …
///     var reader = try PropertyReader(device.properties, schema, subject: "-device virtio-blk-pci")
///     let configuration = try BlockConfiguration(&reader)
///     try reader.finish()
///
/// A key that the schema does not declare is refused at once, with the nearest name that it does declare. Reading a
/// property the schema lacks throws `undeclaredProperty`, and a given property that nobody read makes `finish()` throw
/// `unusedProperty`: the help text cannot promise what the device does not do, or hide what it does.
package struct PropertyReader {
    /// Where the properties stood, in the user's words; begins every error message.
    package let subject: String
    private let properties: Properties
    private let schema: PropertySchema
    private var read: [String] = []

    package init(
        _ properties: Properties, _ schema: PropertySchema, subject: String
    ) throws(ConfigurationError) {
        self.properties = properties
        self.schema = schema
        self.subject = subject
        for key in properties.keys where !schema.declares(key) {
            let nearest = Spelling.nearest(to: key, among: schema.declarations.map(\.name))
            throw .unknownProperty(subject: subject, name: key, nearest: nearest)
        }
    }

    /// Whether the user gave it at all; does not count as reading it.
    package func isGiven<Content>(_ property: Property<Content>) -> Bool { properties[property.name] != nil }

    /// The given value, or the declared default, or `nil`.
    package mutating func optional<Content>(
        _ property: Property<Content>
    ) throws(ConfigurationError) -> Content? {
        guard schema.declares(property.name) else {
            throw .undeclaredProperty(subject: subject, name: property.name)
        }
        read.append(property.name)
        guard let value = properties[property.name] else { return property.fallback }
        guard let content = property.convert(value) else { throw refuse(property, value) }
        return content
    }

    /// The given value or the declared default; neither is an error.
    package mutating func value<Content>(_ property: Property<Content>) throws(ConfigurationError) -> Content {
        guard let content = try optional(property) else {
            throw .missingProperty(subject: subject, name: property.name)
        }
        return content
    }

    /// Refuses properties that are declared and given, but that nobody read.
    package func finish() throws(ConfigurationError) {
        for key in properties.keys where !read.contains(key) {
            throw .unusedProperty(subject: subject, name: key)
        }
    }

    /// The error for a value of the right kind that the owner still cannot take; `allowed` completes "… takes".
    package func refusal<Content>(_ property: Property<Content>, allowed: String) -> ConfigurationError {
        let given = properties[property.name]?.shown ?? property.declaration.defaultText ?? ""
        return .badValue(subject: subject, name: property.name, given: given, allowed: allowed)
    }

    private func refuse<Content>(_ property: Property<Content>, _ value: Value) -> ConfigurationError {
        .badValue(subject: subject, name: property.name, given: value.shown, allowed: property.allowed)
    }
}
