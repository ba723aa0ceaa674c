internal import Configuration
internal import Host
internal import Hypervisor
internal import Machine

// What the machine is made of.
extension Commands {
    static let machine: [Command] = [
        Command("query-kvm", returns: KVMInformation.self) { context in
            KVMInformation(enabled: context.machine.hypervisor.name == "kvm", present: Accelerator.isKVMPresent)
        },
        Command("query-name", returns: NameInformation.self) { NameInformation(name: $0.machine.configuration.name) },
        Command("query-uuid", returns: UUIDInformation.self) { context in
            UUIDInformation(context.machine.configuration)
        },
        Command("query-target", returns: TargetInformation.self) { _ in TargetInformation() },
        Command("query-machines", returns: [MachineInformation].self) { _ in
            MachineBuilder.types.map(MachineInformation.init)
        },
        Command("query-cpus-fast", returns: [ProcessorInformation].self) { context in
            context.machine.processors.map { ProcessorInformation($0, context.machine.configuration.topology) }
        },
        Command("query-hotpluggable-cpus", returns: [ProcessorSlotInformation].self) { context in
            context.machine.processors.map { ProcessorSlotInformation($0, context.machine.configuration.topology) }
        },
        Command("query-iothreads", returns: [IOThreadInformation].self) { context in
            context.machine.backEnds.ioThreads.map {
                IOThreadInformation(
                    id: $0.identifier, threadIdentifier: Int($0.threadIdentifier), pollMaximum: $0.polling.maximum,
                    pollGrow: $0.polling.grow, pollShrink: $0.polling.shrink)
            }
        },
    ]
}

struct KVMInformation: ReplyObject {
    static let typeName = "KvmInfo"
    let enabled: Bool
    let present: Bool
    static let members: [ReplyMember<KVMInformation>] = [.init("enabled", \.enabled), .init("present", \.present)]
}

struct NameInformation: ReplyObject {
    static let typeName = "NameInfo"
    let name: String?
    static let members: [ReplyMember<NameInformation>] = [.init("name", \.name)]
}

struct UUIDInformation: ReplyObject {
    static let typeName = "UuidInfo"
    let UUID: String

    init(_ configuration: MachineConfiguration) {
        UUID = configuration.uuid?.description ?? "00000000-0000-0000-0000-000000000000"
    }

    static let members: [ReplyMember<UUIDInformation>] = [.init("UUID", \.UUID)]
}

struct TargetInformation: ReplyObject {
    static let typeName = "TargetInfo"
    let arch = "x86_64"
    static let members: [ReplyMember<TargetInformation>] = [.init("arch", \.arch)]
}

struct MachineInformation: ReplyObject {
    static let typeName = "MachineInfo"
    let name: String
    let alias: String?
    let isDefault: Bool?
    let maximumProcessors: Int
    let ramIdentifier: String
    let hotpluggableProcessors = false
    let numaMemorySupported = true
    let deprecated = false

    init(_ type: MachineType) {
        name = type.name
        alias = type.aliases.first
        isDefault = type == MachineBuilder.types.first ? true : nil
        maximumProcessors = type.maximumProcessors
        ramIdentifier = type.ramIdentifier
    }

    static let members: [ReplyMember<MachineInformation>] = [
        .init("name", \.name), .init("alias", \.alias), .init("is-default", \.isDefault),
        .init("cpu-max", \.maximumProcessors), .init("hotpluggable-cpus", \.hotpluggableProcessors),
        .init("numa-mem-supported", \.numaMemorySupported), .init("deprecated", \.deprecated),
        .init("default-ram-id", \.ramIdentifier),
    ]
}

struct ProcessorInformation: ReplyObject {
    static let typeName = "CpuInfoFast"

    /// Where a processor sits in the topology.
    struct Place: ReplyObject {
        static let typeName = "CpuInstanceProperties"
        let socket: Int
        let die: Int
        let core: Int
        let thread: Int
        static let members: [ReplyMember<Place>] = [
            .init("socket-id", \.socket), .init("die-id", \.die), .init("core-id", \.core), .init("thread-id", \.thread),
        ]
    }

    let index: Int
    let path: String
    let thread: Int
    let place: Place
    let target = "x86_64"

    init(_ processor: Processor, _ topology: TopologyConfiguration) {
        index = processor.cpu.index
        path = "/machine/unattached/device[\(index)]"
        thread = Int(processor.threadIdentifier)
        let core = index / topology.threads
        let die = core / topology.cores
        place = Place(
            socket: die / topology.dies, die: die % topology.dies, core: core % topology.cores,
            thread: index % topology.threads)
    }

    static let members: [ReplyMember<ProcessorInformation>] = [
        .init("cpu-index", \.index), .init("qom-path", \.path), .init("thread-id", \.thread), .init("props", \.place),
        .init("target", \.target),
    ]
}

/// A place for a processor. All are taken from the start, as processors cannot be plugged yet.
struct ProcessorSlotInformation: ReplyObject {
    static let typeName = "HotpluggableCPU"
    let type = ObjectNode.processorType
    let count = 1
    let place: ProcessorInformation.Place
    let path: String

    init(_ processor: Processor, _ topology: TopologyConfiguration) {
        let information = ProcessorInformation(processor, topology)
        place = information.place
        path = information.path
    }

    static let members: [ReplyMember<ProcessorSlotInformation>] = [
        .init("type", \.type), .init("vcpus-count", \.count), .init("props", \.place), .init("qom-path", \.path),
    ]
}

struct IOThreadInformation: ReplyObject {
    static let typeName = "IOThreadInfo"
    let id: String
    let threadIdentifier: Int
    let pollMaximum: UInt64
    let pollGrow: UInt64
    let pollShrink: UInt64
    let batchMaximum = 0
    static let members: [ReplyMember<IOThreadInformation>] = [
        .init("id", \.id), .init("thread-id", \.threadIdentifier), .init("poll-max-ns", \.pollMaximum),
        .init("poll-grow", \.pollGrow), .init("poll-shrink", \.pollShrink), .init("aio-max-batch", \.batchMaximum),
    ]
}
