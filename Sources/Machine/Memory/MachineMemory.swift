internal import Configuration
internal import Glibc
internal import Hypervisor
internal import Memory

/// All memory of a machine: the named blocks of host memory, and which parts of them the guest finds where.
///
/// ```
///   -object memory-backend-*      -m, -mem-path                       host memory: MemoryBackend
///            │                          │
///            ├─ -machine memory-backend=┤       one block is all RAM
///            └─ -numa node,memdev= ×n   │       each node's block, one after the other
///                       ▼               ▼
///                  RAM, counted from its first byte
///                       │ RAMLayout: up to the hole, and on above it
///                       ▼
///                  GuestMemory: MemoryRegions at guest addresses
/// ```
struct MachineMemory: Sendable {
    let guest: GuestMemory
    /// In the order of the command line; RAM that no object is comes last.
    let backends: [MemoryBackend]
    let nodes: NUMATopology?

    /// Makes the memory, and preallocates what wants that.
    ///
    /// - Parameter interruption: readable once the process is to end; a preallocation then fails instead of lasting.
    init(
        _ configuration: MachineConfiguration, _ type: MachineType, _ values: BoardProperties.Values,
        _ layout: RAMLayout,
        _ grouping: CPUTopology, interruption: Int32?
    ) throws(MachineError) {
        var nodes = try NUMATopology(configuration, grouping)
        var backends = try MachineMemory.namedBackends(configuration, type, values)
        let used: [MemoryBackend]
        if let nodeBackends = try nodes?.backends(among: backends) {
            guard values.memoryBackend == nil, configuration.memory.path == nil else {
                let other = values.memoryBackend == nil ? "-mem-path" : "-machine memory-backend="
                throw .part(option: "-numa node", reason: "'memdev' and \(other) exclude each other.")
            }
            used = nodeBackends
        } else if let name = values.memoryBackend {
            used = [try MachineMemory.mainBackend(name, backends, configuration)]
        } else {
            let main = try MachineMemory.unnamedBackend(configuration, type, values)
            backends.append(main)
            used = [main]
        }
        let size = used.reduce(0) { $0 + $1.configuration.size }
        guard size == configuration.memory.size else {
            throw .part(
                option: "-numa node",
                reason: "The nodes' memory is \(NumberText.sized(size)) in all, and -m asks for "
                    + "\(NumberText.sized(configuration.memory.size)); they must be equal.")
        }
        nodes?.place(layout)
        self.nodes = nodes
        self.backends = backends
        guest = try MachineMemory.regions(used, layout)
        for backend in backends {
            try blaming(backend.option) { () throws(MemoryError) in
                try backend.memory.preallocate { MachineMemory.isReadable(interruption) }
            }
        }
    }

    /// The `-object`s that are memory.
    private static func namedBackends(
        _ configuration: MachineConfiguration, _ type: MachineType, _ values: BoardProperties.Values
    ) throws(MachineError) -> [MemoryBackend] {
        var result: [MemoryBackend] = []
        for object in configuration.objects {
            guard
                let read = try configured({ () throws(ConfigurationError) in try MemoryBackendConfiguration(object) })
            else { continue }
            guard read.identifier != type.ramIdentifier || values.memoryBackend == read.identifier else {
                throw .part(
                    option: "-object \(object.type)",
                    reason: "The id '\(read.identifier)' is that of the machine's RAM; "
                        + "-machine memory-backend=\(read.identifier) makes this object the RAM.")
            }
            result.append(try MemoryBackend(read.completed(configuration, values)))
        }
        return result
    }

    /// The RAM that `-m` alone asks for, with `-mem-path` and `-mem-prealloc`.
    private static func unnamedBackend(
        _ configuration: MachineConfiguration, _ type: MachineType, _ values: BoardProperties.Values
    ) throws(MachineError) -> MemoryBackend {
        let memory = configuration.memory
        var wanted = MemoryBackendConfiguration(
            memory.path == nil ? .ram : .file, identifier: type.ramIdentifier, size: memory.size)
        wanted.path = memory.path
        // RAM that the guest never touches costs nothing, so none is set aside; an object with reserve=on does that.
        wanted.isReserved = memory.path != nil
        wanted.isShared = values.sharesMemory
        return try MemoryBackend(
            wanted.completed(configuration, values), option: memory.path == nil ? "-m" : "-mem-path")
    }

    /// The object that `-machine memory-backend=` names.
    private static func mainBackend(
        _ name: String, _ backends: [MemoryBackend], _ configuration: MachineConfiguration
    ) throws(MachineError) -> MemoryBackend {
        guard configuration.memory.path == nil else {
            throw .part(option: "-mem-path", reason: "It and -machine memory-backend= exclude each other.")
        }
        let backend = try backends.named(name, for: "-machine memory-backend=")
        guard backend.configuration.size == configuration.memory.size else {
            throw .part(
                option: "-machine memory-backend=\(name)",
                reason: "The object has \(NumberText.sized(backend.configuration.size)) and -m asks for "
                    + "\(NumberText.sized(configuration.memory.size)); they must be equal.")
        }
        return backend
    }

    /// The blocks, one after the other, where the layout has RAM.
    private static func regions(_ blocks: [MemoryBackend], _ layout: RAMLayout) throws(MachineError) -> GuestMemory {
        try blaming("-m") { () throws(MemoryError) in
            var regions: [MemoryRegion] = []
            var begin: UInt64 = 0
            for block in blocks {
                for part in layout.parts(from: begin, count: block.memory.size) {
                    regions.append(try MemoryRegion(part.range, of: block.memory, at: part.offset - begin))
                }
                begin += block.memory.size
            }
            return try GuestMemory(regions)
        }
    }

    private static func isReadable(_ descriptor: Int32?) -> Bool {
        guard let descriptor else { return false }
        var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&query, 1, 0) > 0
    }
}

extension [MemoryBackend] {
    /// The one that a machine's RAM shall be made of.
    func named(_ name: String, for option: String) throws(MachineError) -> MemoryBackend {
        guard let backend = first(where: { $0.identifier == name }) else {
            throw .unknown(
                kind: "memory backend", name: name, nearest: Spelling.nearest(to: name, among: map(\.identifier)),
                hint: "\(option) needs -object memory-backend-ram,id=\(name),size=…")
        }
        guard !backend.configuration.isReadOnly else {
            throw .part(option: backend.option, reason: "RAM cannot be readonly=on.")
        }
        return backend
    }
}

extension MemoryBackendConfiguration {
    /// The same with what `-machine`, `-mem-prealloc` and `-smp` say of all memory.
    fileprivate func completed(
        _ configuration: MachineConfiguration, _ values: BoardProperties.Values
    ) -> MemoryBackendConfiguration {
        var result = self
        result.isDumped = isDumped ?? values.dumpsCore
        // Memory is merged as far as the kernel can, unless a user insists.
        if !values.mergesMemory { result.isMergeable = isMergeable ?? false }
        result.isPreallocated = isPreallocated || configuration.memory.isPreallocated
        if result.isPreallocated { result.isReserved = true }
        result.preallocationThreads = preallocationThreads ?? configuration.topology.processors
        return result
    }
}

extension RAMLayout {
    /// Where the bytes of RAM from `offset` on lie: one part, or two with the hole between them.
    func parts(from offset: UInt64, count: UInt64) -> [(range: GuestRange, offset: UInt64)] {
        var result: [(range: GuestRange, offset: UInt64)] = []
        var begin: UInt64 = 0
        for place in ranges {
            let first = max(offset, begin)
            let end = min(offset + count, begin + place.count)
            if first < end,
                let range = GuestRange(start: GuestAddress(place.start.rawValue + (first - begin)), count: end - first)
            {
                result.append((range, first))
            }
            begin += place.count
        }
        return result
    }
}
