/// `-smp`: how many processors, and how they are arranged. Always consistent: made by `resolve`.
package struct TopologyConfiguration: Sendable, Equatable {
    /// Processors at start, 1 or more.
    package private(set) var processors = 1
    /// Processors with everything plugged: the product of the levels below.
    package private(set) var maximum = 1
    package private(set) var sockets = 1
    package private(set) var dies = 1
    package private(set) var cores = 1
    package private(set) var threads = 1

    /// No kernel runs more; boards set lower limits of their own.
    package static let absoluteMaximum = 4096

    /// One processor.
    package init() {}

    /// `count` cores of one socket.
    package init(processors count: Int) throws(ConfigurationError) {
        self = try Self.resolve(processors: count)
    }

    /// Fills in what was not said, as QEMU does since 6.2: what is missing is first made of cores, then of sockets,
    /// then of threads; dies are 1 unless given.
    ///
    /// - Throws: `badTopology` when a number is zero, when the levels do not multiply to the maximum, when there are
    ///   more processors than the maximum, or when the maximum is above `absoluteMaximum`.
    package static func resolve(
        processors: Int? = nil, maximum: Int? = nil, sockets: Int? = nil, dies: Int? = nil, cores: Int? = nil,
        threads: Int? = nil
    ) throws(ConfigurationError) -> TopologyConfiguration {
        let given = [
            ("cpus", processors), ("maxcpus", maximum), ("sockets", sockets), ("dies", dies), ("cores", cores),
            ("threads", threads),
        ]
        for (name, number) in given {
            if let number, !(1...absoluteMaximum).contains(number) {
                throw .badTopology(
                    "-smp: '\(name)' takes a whole number from 1 to \(absoluteMaximum), not '\(number)'.")
            }
        }
        // Each factor is at most 4096, so four of them fit an Int.
        var result = TopologyConfiguration()
        result.dies = dies ?? 1
        result.threads = threads ?? 1
        result.sockets = sockets ?? 1
        result.cores = cores ?? 1
        if let total = maximum ?? processors {
            if cores == nil {
                result.cores = total / (result.sockets * result.dies * result.threads)
            } else if sockets == nil {
                result.sockets = total / (result.dies * result.cores * result.threads)
            } else if threads == nil {
                result.threads = total / (result.sockets * result.dies * result.cores)
            }
        }
        let product = result.sockets * result.dies * result.cores * result.threads
        result.maximum = maximum ?? (product > 0 ? max(product, processors ?? 0) : processors ?? 1)
        result.processors = processors ?? result.maximum
        guard product == result.maximum else {
            throw .badTopology(
                "-smp: \(result.sockets) sockets × \(result.dies) dies × \(result.cores) cores × \(result.threads) "
                    + "threads make \(product) processors, not the \(result.maximum) asked for.")
        }
        guard result.processors <= result.maximum else {
            throw .badTopology(
                "-smp: \(result.processors) processors are more than the maximum of \(result.maximum).")
        }
        guard result.maximum <= absoluteMaximum else {
            throw .badTopology(
                "-smp: \(result.maximum) processors are more than the most there can be, \(absoluteMaximum).")
        }
        return result
    }
}
