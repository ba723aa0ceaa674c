internal import Configuration
internal import Machine
internal import Memory

// The machine's memory.
extension Commands {
    static let memory: [Command] = [
        Command("query-memdev", returns: [MemoryBackendInformation].self) { context in
            context.machine.memoryBackends.map(MemoryBackendInformation.init)
        },
        Command("query-memory-size-summary", returns: MemorySizeInformation.self) { context in
            MemorySizeInformation(baseMemory: context.machine.memory.size)
        },
    ]
}

struct MemoryBackendInformation: ReplyObject {
    static let typeName = "Memdev"

    enum Policy: String, ReplyEnumeration {
        static let typeName = "HostMemPolicy"
        case `default`, preferred, bind, interleave
    }

    let id: String
    let size: UInt64
    let merge: Bool
    let dump: Bool
    let prealloc: Bool
    let share: Bool
    let reserve: Bool
    let hostNodes: [Int]
    let policy: Policy

    init(_ backend: MemoryBackend) {
        let configuration = backend.configuration
        id = configuration.identifier
        size = configuration.size
        merge = configuration.isMergeable ?? true
        dump = configuration.isDumped ?? true
        prealloc = configuration.isPreallocated
        share = configuration.isShared
        reserve = configuration.isReserved
        hostNodes = configuration.hostNodes
        policy =
            switch configuration.policy {
            case .default: .default
            case .preferred: .preferred
            case .bind: .bind
            case .interleave: .interleave
            }
    }

    static let members: [ReplyMember<MemoryBackendInformation>] = [
        .init("id", \.id), .init("size", \.size), .init("merge", \.merge), .init("dump", \.dump),
        .init("prealloc", \.prealloc), .init("share", \.share), .init("reserve", \.reserve),
        .init("host-nodes", \.hostNodes), .init("policy", \.policy),
    ]
}

struct MemorySizeInformation: ReplyObject {
    static let typeName = "MemoryInfo"
    let baseMemory: UInt64
    /// Nothing can be plugged yet.
    let pluggedMemory: UInt64 = 0
    static let members: [ReplyMember<MemorySizeInformation>] = [
        .init("base-memory", \.baseMemory), .init("plugged-memory", \.pluggedMemory),
    ]
}
