internal import Configuration

/// `-m` and `-smp`, merged, into checked values.
enum MemoryText {
    private static let size = Property.string("size", "memory at start, in MiB or with a suffix")
    private static let slots = Property.integer("slots", in: 0...256, default: 0, "sockets for memory plugged later")
    private static let maximum = Property.size("maxmem", "memory with everything plugged")
    static let memorySchema = PropertySchema(size, slots, maximum)

    private static let processors = Property.integer("cpus", in: 1...limit, "processors at start")
    private static let allProcessors = Property.integer("maxcpus", in: 1...limit, "processors with everything plugged")
    private static let sockets = Property.integer("sockets", in: 1...limit, "sockets")
    private static let dies = Property.integer("dies", in: 1...limit, "dies of a socket")
    private static let clusters = Property.integer("clusters", in: 1...1, default: 1, "clusters of a die")
    private static let cores = Property.integer("cores", in: 1...limit, "cores of a die")
    private static let threads = Property.integer("threads", in: 1...limit, "threads of a core")
    static let topologySchema = PropertySchema(
        processors, allProcessors, sockets, dies, clusters, cores, threads)
    private static let limit = TopologyConfiguration.absoluteMaximum

    /// Adds what `-m` says to what `-mem-path` and its like said.
    ///
    /// - Parameter backendSize: the size of the memory backend that becomes the RAM, if one does; what `-m` leaves out.
    static func memory(
        _ properties: Properties, beside other: MemoryConfiguration, backendSize: UInt64?
    ) throws(CommandLineError) -> MemoryConfiguration {
        try checked { () throws(ConfigurationError) in
            var reader = try PropertyReader(properties, memorySchema, subject: "-m")
            var result = other
            let range = MemoryConfiguration.minimumSize...MemoryConfiguration.maximumSize
            let allowed = "a size from \(NumberText.sized(range.lowerBound)) to \(NumberText.sized(range.upperBound))"
            if let text = try reader.optional(size) {
                guard let bytes = NumberText.size(text, unit: "M"), range.contains(bytes) else {
                    throw reader.refusal(size, allowed: allowed)
                }
                // A page is the least that can be mapped; a fraction of a mebibyte need not be whole pages.
                result.size = (bytes + 4095) & ~4095
            } else if let backendSize, range.contains(backendSize) {
                result.size = backendSize
            }
            result.slots = try reader.value(slots)
            result.maximum = try reader.optional(maximum) ?? result.size
            guard result.maximum >= result.size, result.maximum <= range.upperBound else {
                throw reader.refusal(
                    maximum,
                    allowed: "a size from the memory at start, \(NumberText.sized(result.size)), "
                        + "to \(NumberText.sized(range.upperBound))")
            }
            if result.slots > 0, result.maximum == result.size {
                throw .conflict(subject: "-m", rule: "'slots' needs a 'maxmem' above the memory at start")
            }
            return result
        }
    }

    static func topology(_ properties: Properties) throws(CommandLineError) -> TopologyConfiguration {
        try checked { () throws(ConfigurationError) in
            var reader = try PropertyReader(properties, topologySchema, subject: "-smp")
            _ = try reader.value(clusters)
            return try TopologyConfiguration.resolve(
                processors: try reader.optional(processors), maximum: try reader.optional(allProcessors),
                sockets: try reader.optional(sockets), dies: try reader.optional(dies),
                cores: try reader.optional(cores), threads: try reader.optional(threads))
        }
    }
}
