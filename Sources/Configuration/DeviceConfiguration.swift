/// `-device`, `device_add`: one device to plug.
package struct DeviceConfiguration: Sendable, Equatable {
    package var driver: String
    package var identifier: String?
    /// The bus it goes on; `nil` leaves the choice to the board.
    package var bus: String?
    /// Everything else, for the driver's schema.
    package var properties: Properties

    package init(driver: String, identifier: String? = nil, bus: String? = nil, properties: Properties = Properties()) {
        self.driver = driver
        self.identifier = identifier
        self.bus = bus
        self.properties = properties
    }

    /// Takes `driver`, `id` and `bus` out of an option's or a command's arguments.
    ///
    /// - Parameter subject: `-device` or `device_add`, for messages.
    package init(arguments: Properties, subject: String) throws(ConfigurationError) {
        var rest = arguments
        driver = try rest.takeRequiredString("driver", subject: subject)
        let subject = "\(subject) \(driver)"
        identifier = try rest.takeIdentifier(subject: subject)
        bus = try rest.takeString("bus", subject: subject)
        properties = rest
    }
}

/// `-object`, `object-add`: a named thing that is not a device (an iothread, a source of randomness, memory).
package struct ObjectConfiguration: Sendable, Equatable {
    package var type: String
    package var identifier: String
    package var properties: Properties

    package init(type: String, identifier: String, properties: Properties = Properties()) {
        self.type = type
        self.identifier = identifier
        self.properties = properties
    }

    /// Takes `qom-type` and `id` out of an option's or a command's arguments.
    package init(arguments: Properties, subject: String) throws(ConfigurationError) {
        var rest = arguments
        type = try rest.takeRequiredString("qom-type", subject: subject)
        let subject = "\(subject) \(type)"
        guard let identifier = try rest.takeIdentifier(subject: subject) else {
            throw .missingProperty(subject: subject, name: "id")
        }
        self.identifier = identifier
        properties = rest
    }
}

/// `-netdev`, `netdev_add`: the host's end of a network card.
package struct NetworkBackendConfiguration: Sendable, Equatable {
    package var type: String
    package var identifier: String
    package var properties: Properties

    package init(type: String, identifier: String, properties: Properties = Properties()) {
        self.type = type
        self.identifier = identifier
        self.properties = properties
    }

    /// Takes `type` and `id` out of an option's or a command's arguments.
    package init(arguments: Properties, subject: String) throws(ConfigurationError) {
        var rest = arguments
        type = try rest.takeRequiredString("type", subject: subject)
        let subject = "\(subject) \(type)"
        guard let identifier = try rest.takeIdentifier(subject: subject) else {
            throw .missingProperty(subject: subject, name: "id")
        }
        self.identifier = identifier
        properties = rest
    }
}

/// `-global DRIVER.PROPERTY=VALUE`: a default for every device of a driver.
package struct GlobalConfiguration: Sendable, Equatable {
    package var driver: String
    package var property: String
    package var value: String

    package init(driver: String, property: String, value: String) {
        self.driver = driver
        self.property = property
        self.value = value
    }
}
