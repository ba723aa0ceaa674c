internal import Configuration
internal import Host
internal import Virtio

/// What `virtio-rng` takes.
enum EntropyProperties {
    static let source = Property<String>.string("rng", "the -object rng-builtin or rng-random; by default the kernel's own")
    static let maximum = Property<UInt64>.size("max-bytes", in: 1...(1 << 40), "bytes the guest gets per period")
    static let period = Property<Int>.integer("period", in: 1...3_600_000, default: 65536, "length of a period in milliseconds")
    static let schema = PropertySchema(source, maximum, period)
}

extension VirtioRecipe {
    static let entropy = VirtioRecipe(
        name: "virtio-rng", summary: "a source of randomness", schema: EntropyProperties.schema
    ) { request, reader throws(MachineError) in
        let construction = request.construction
        var path: String?
        if let name = try reader.find(EntropyProperties.source) {
            let object = try construction.backEnds.object(
                named: name, of: ["rng-random", "rng-builtin"], for: request.subject)
            if object.type == "rng-random" {
                path = try configured { () throws(ConfigurationError) in
                    var reader = try PropertyReader(
                        object.properties, ObjectType.fileRandom.schema, subject: "-object rng-random,id=\(name)")
                    return try reader.value(RandomProperties.filename)
                }
            }
        }
        let maximum = try reader.find(EntropyProperties.maximum)
        let period = try reader.get(EntropyProperties.period)
        let thread = try construction.backEnds.ioThread(named: nil, for: request.subject)
        return try blaming(request.subject) { () throws(EntropyError) in
            let source = if let path { EntropySource.file(try EntropyFile(path: path)) } else { EntropySource.kernel }
            return VirtioEntropy(
                source, quota: maximum.flatMap { EntropyQuota(bytes: $0, milliseconds: UInt64(period)) },
                clock: construction.clock, name: request.name, on: thread.loop, log: construction.log)
        }
    }
}
