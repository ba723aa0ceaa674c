internal import Block
internal import Configuration
internal import Host
internal import JSON
internal import Machine

// What went through disks.
extension Commands {
    private enum Arguments {
        static let nodes = Property<Bool>.boolean("query-nodes", default: false, "list nodes instead of devices")
    }

    static let blockStatistics: [Command] = [
        Command("query-blockstats", PropertySchema(Arguments.nodes), returns: [BlockTraffic].self) { context, reader in
            let listsNodes = try reader.value(Arguments.nodes)
            try reader.finish()
            let plugged = context.machine.board.plugged
            return context.machine.backEnds.blocks.flatMap { back -> [BlockTraffic] in
                guard listsNodes else {
                    return [BlockTraffic(back, device: plugged.first { $0.drive == back.name })]
                }
                return back.isDrive ? [] : BlockTraffic.nodes(of: back)
            }
        }
    ]
}

/// A disk as `query-blockstats` shows it.
///
/// The node below a format does what the format does, so both show the same numbers.
struct BlockTraffic: ReplyObject {
    static let typeName = "BlockStats"
    let device: String?
    let path: String?
    let nodeName: String?
    let counts: BlockCounts
    let parent: BlockStorageTraffic?

    init(_ back: BlockBackEnd, device plugged: PluggedDevice?) {
        device = back.isDrive ? back.name : ""
        path = plugged.map { $0.path + "/virtio-backend" }
        nodeName = back.isDrive ? nil : back.name
        let counts = BlockCounts(back.frontEnd?.statistics ?? BlockStatistics())
        self.counts = counts
        parent = back.storageName.map { BlockStorageTraffic(nodeName: $0, counts: counts) }
    }

    private init(node: String, _ counts: BlockCounts, parent: BlockStorageTraffic? = nil) {
        device = nil
        path = nil
        nodeName = node
        self.counts = counts
        self.parent = parent
    }

    /// The nodes of an image, the lowest first.
    static func nodes(of back: BlockBackEnd) -> [BlockTraffic] {
        let counts = BlockCounts(back.frontEnd?.statistics ?? BlockStatistics())
        let parent = back.storageName.map { BlockStorageTraffic(nodeName: $0, counts: counts) }
        return (back.storageName.map { [BlockTraffic(node: $0, counts)] } ?? [])
            + [BlockTraffic(node: back.name, counts, parent: parent)]
    }

    static let members: [ReplyMember<BlockTraffic>] = [
        .init("device", \.device), .init("qdev", \.path), .init("node-name", \.nodeName), .init("stats", \.counts),
        .init("parent", \.parent),
    ]
}

/// The node below a format.
struct BlockStorageTraffic: ReplyObject {
    static let typeName = "BlockStats-parent"
    let nodeName: String
    let counts: BlockCounts
    static let members: [ReplyMember<BlockStorageTraffic>] = [.init("node-name", \.nodeName), .init("stats", \.counts)]
}

/// The numbers themselves.
struct BlockCounts: ReplyObject {
    static let typeName = "BlockDeviceStats"
    let values: BlockStatistics
    /// Nanoseconds since the last request; left out before the first.
    let idle: UInt64?
    /// Requests are never merged here: what the guest sends is what the host gets.
    let merged = 0
    /// Failures count as accesses, so that `idle` is about them too.
    let accounts = true
    let intervals: [JSON] = []

    init(_ values: BlockStatistics) {
        self.values = values
        idle = values.lastAccess.map { access in
            let now = Clock.hostNanoseconds()
            return now - min(access, now)
        }
    }

    static let members: [ReplyMember<BlockCounts>] = [
        .init("rd_bytes", \.values.reads.bytes), .init("wr_bytes", \.values.writes.bytes),
        .init("unmap_bytes", \.values.discards.bytes), .init("rd_operations", \.values.reads.operations),
        .init("wr_operations", \.values.writes.operations), .init("flush_operations", \.values.flushes.operations),
        .init("unmap_operations", \.values.discards.operations), .init("rd_total_time_ns", \.values.reads.nanoseconds),
        .init("wr_total_time_ns", \.values.writes.nanoseconds),
        .init("flush_total_time_ns", \.values.flushes.nanoseconds),
        .init("unmap_total_time_ns", \.values.discards.nanoseconds),
        .init("wr_highest_offset", \.values.highestWrite), .init("rd_merged", \.merged), .init("wr_merged", \.merged),
        .init("unmap_merged", \.merged), .init("idle_time_ns", \.idle),
        .init("failed_rd_operations", \.values.reads.failed), .init("failed_wr_operations", \.values.writes.failed),
        .init("failed_flush_operations", \.values.flushes.failed),
        .init("failed_unmap_operations", \.values.discards.failed),
        .init("invalid_rd_operations", \.values.reads.invalid), .init("invalid_wr_operations", \.values.writes.invalid),
        .init("invalid_flush_operations", \.values.flushes.invalid),
        .init("invalid_unmap_operations", \.values.discards.invalid), .init("account_invalid", \.accounts),
        .init("account_failed", \.accounts), .init("timed_stats", \.intervals),
    ]
}
