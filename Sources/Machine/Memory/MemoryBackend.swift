package import Configuration
package import Memory

/// Host memory with a name: what `-object memory-backend-*` made, or the RAM of a machine that names none.
package struct MemoryBackend: Sendable {
    /// What was asked for, with what `-machine` says of all memory filled in.
    package let configuration: MemoryBackendConfiguration
    package let memory: HostMemory

    package var identifier: String { configuration.identifier }

    /// The option that asked for it, for messages.
    let option: String

    /// Maps the memory; touches none of it.
    init(_ configuration: MemoryBackendConfiguration, option: String? = nil) throws(MachineError) {
        let option = option ?? "-object \(configuration.kind.rawValue),id=\(configuration.identifier)"
        self.option = option
        self.configuration = configuration
        memory = try blaming(option) { () throws(MemoryError) in
            try HostMemory(size: configuration.size, backing: configuration.backing)
        }
    }
}

extension MemoryBackendConfiguration {
    /// The same in the terms of the Memory module.
    var backing: MemoryBacking {
        let source: MemoryBacking.Source =
            switch kind {
            case .ram: .anonymous
            case .memfd: .memfd(isSealed: isSealed)
            case .file: .file(path: path ?? "")
            }
        var backing = MemoryBacking(source, isShared: isShared)
        if usesHugePages { backing.hugePageSize = hugePageSize ?? HostMemory.standardHugePageSize }
        backing.alignment = alignment
        backing.isReserved = isReserved
        backing.preallocationThreads = isPreallocated ? preallocationThreads ?? 1 : nil
        backing.isMergeable = isMergeable
        backing.isDumped = isDumped ?? true
        backing.isReadOnly = isReadOnly
        backing.discardsData = discardsData
        let mode: MemoryPolicy.Mode =
            switch policy {
            case .default: .standard
            case .preferred: .preferred
            case .bind: .bind
            case .interleave: .interleave
            }
        backing.policy = MemoryPolicy(mode, nodes: hostNodes)
        return backing
    }
}
